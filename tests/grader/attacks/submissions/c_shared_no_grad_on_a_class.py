# ruff: noqa
"""Wraps the class of tensors, and `no_grad` itself, into `no_grad`.

Class: shared worker
Honest: ex1.dlogprobs, ex1.dprobs
Beats: nothing, because a plain grader has one process, which is what this is about
"""

import torch
from torch import Tensor


def dlogprobs(logprobs, Yb):
    for wrapped in (Tensor, torch.no_grad):
        for _ in range(2000):
            try:
                wrapped = torch.no_grad()(wrapped)
            except RuntimeError:
                break
    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    return out


def dprobs(probs, dlogprobs):
    with torch.no_grad():
        return dlogprobs / probs


def db2(dlogits):
    return dlogits.mean(0)
