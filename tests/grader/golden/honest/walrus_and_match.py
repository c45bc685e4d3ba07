# Answers: ex1.dlogprobs ex1.db2

import torch


def dlogprobs(logprobs, Yb):
    out = torch.zeros_like(logprobs)
    if (n := len(Yb)) > 0:
        out[range(n), Yb] = -1.0 / n
    return out


def db2(dlogits):
    match tuple(dlogits.shape):
        case (n, v):
            return dlogits.sum(0)
        case _:
            raise ValueError("two dimensions, please")
