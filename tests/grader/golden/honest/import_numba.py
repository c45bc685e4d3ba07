# Answers: ex1.dprobs, ex1.db2

import numpy as np
import torch
from numba import njit, jit


@njit
def _div(a, b):
    return a / b


@jit(nopython=True)
def _sum0(a):
    return a.sum(axis=0)


def dprobs(probs, dlogprobs):
    return torch.from_numpy(_div(dlogprobs.numpy(), probs.numpy()))


def db2(dlogits):
    return torch.from_numpy(_sum0(dlogits.detach().cpu().numpy()))
