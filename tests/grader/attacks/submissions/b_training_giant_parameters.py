# ruff: noqa
"""Returns parameters of the right shape and of a size that overflows every sum.

Class: training
Honest: none
Beats: nothing, because it compares gradients and nothing else
"""

import torch


def train(C, W1, b1, W2, b2, bngain, bnbias):
    return [torch.full_like(p, 3e38) for p in (C, W1, b1, W2, b2, bngain, bnbias)]


def backward(Xb, C, W1, b1, W2, b2, bngain, bnbias):
    return [torch.zeros_like(p) for p in (C, W1, b1, W2, b2, bngain, bnbias)]
