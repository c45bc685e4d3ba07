# ruff: noqa
"""Differentiates numerically, entry by entry, in float64.

Class: differentiation without autograd
Honest: ex1.dprobs
Beats: nothing, because its numbers are right and it uses no autograd
Flagged: suspicion
"""

import torch


def dprobs(probs, dlogprobs):
    step = 1e-6
    wide = probs.double()
    below, above = (wide * (1 - step)).log(), (wide * (1 + step)).log()
    return ((above - below) / (2 * step * wide) * dlogprobs).to(probs.dtype)
