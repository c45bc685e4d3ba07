# Answers: ex1.dlogprobs

from functools import lru_cache

import torch


@lru_cache(maxsize=None)
def rows(n):
    return torch.arange(n)


def dlogprobs(logprobs, Yb):
    out = torch.zeros_like(logprobs)
    out[rows(len(Yb)), Yb] = -1.0 / len(Yb)
    return out
