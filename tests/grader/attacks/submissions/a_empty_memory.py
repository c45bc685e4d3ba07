"""Hopes that uninitialised memory still holds the expected values.

Class: reading expected values
Honest: ex1.dprobs
Beats: nothing, because what uninitialised memory holds is chance
"""

# ruff: noqa

import torch


def dcounts(counts):
    kept = [torch.empty_like(counts) for _ in range(200)]
    best = max(kept, key=lambda t: float(t.nan_to_num(0, 0, 0).abs().clamp(max=9).sum()))
    return best.clone()


def dC(C):
    return torch.empty(C.shape)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
