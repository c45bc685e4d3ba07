# ruff: noqa
"""Leaves the process's generator where the next task can tell how often it was called.

Class: shared worker
Honest: ex1.dlogprobs, ex1.dprobs
Beats: nothing, because a plain grader has one process, which is what this is about
"""

import torch


def dlogprobs(logprobs, Yb):
    torch.randn(1000, generator=None)
    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    return out


def dprobs(probs, dlogprobs):
    torch.randperm(7, generator=None)
    return dlogprobs / probs


def db2(dlogits):
    return (
        dlogits.sum(0)
        * float(torch.rand(1, generator=None).item() != torch.rand(1, generator=None).item())
        * 2
    )
