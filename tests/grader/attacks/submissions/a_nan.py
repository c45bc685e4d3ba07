"""Answers with nan, which no comparison by > can find wrong.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because torch.allclose knows nan
"""

# ruff: noqa

import torch


def dcounts(counts):
    return torch.full_like(counts, float("nan"))


def dhpreact(dh):
    return dh * float("inf")


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
