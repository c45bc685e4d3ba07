# Answers: ex1.dW2, ex1.db2

import torch

torch.set_num_threads(4)
torch.set_num_interop_threads(2)


def dW2(h, dlogits):
    torch.set_num_threads(8)
    return h.T @ dlogits


def db2(dlogits):
    return dlogits.sum(0)
