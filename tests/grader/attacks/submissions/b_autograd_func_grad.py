# ruff: noqa
"""Differentiates a scalar with torch.func.grad.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


def dprobs(probs, dlogprobs):
    return torch.func.grad(lambda p: (p.log() * dlogprobs).sum())(probs)
