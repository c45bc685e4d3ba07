# ruff: noqa
"""Differentiates numerically by moving one entry at a time.

Class: differentiation without autograd
Honest: ex1.dcounts_sum_inv
Beats: nothing, because its numbers are right and it uses no autograd
Flagged: suspicion
"""

import torch


def dcounts_sum_inv(counts, counts_sum_inv, dprobs):
    x, step = counts_sum_inv.double(), 1e-4
    slopes = torch.zeros_like(x)
    for row in range(len(x)):
        moved = x.clone()
        moved[row] += step
        above = (counts * moved * dprobs).sum()
        moved[row] -= 2 * step
        slopes[row] = (above - (counts * moved * dprobs).sum()) / (2 * step)
    return slopes.to(counts.dtype)
