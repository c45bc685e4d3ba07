# Answers: ex1.db2 ex1.dbngain

import numpy as np
import torch


def db2(dlogits):
    return torch.tensor(np.sum(dlogits.detach().cpu().numpy(), axis=0))


def dbngain(bnraw, dhpreact):
    product = np.einsum("ij,ij->j", bnraw.numpy(), dhpreact.numpy())
    return torch.tensor(product[None, :])
