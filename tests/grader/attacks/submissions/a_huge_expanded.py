"""Answers with a shape of 2^50 entries over one number in memory.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because torch.allclose refuses the shape at once
"""

# ruff: noqa

import torch


def dcounts(counts):
    return torch.zeros(1).expand(1 << 30, 1 << 20)


def dhpreact(dh):
    return torch.zeros(1).expand(1 << 12, 1 << 12)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
