# ruff: noqa
"""Returns parameters of NaN, below every threshold or above none.

Class: training
Honest: none
Beats: nothing, because it compares gradients and nothing else
"""

import torch


def train(C, W1, b1, W2, b2, bngain, bnbias):
    return [torch.full_like(p, float("nan")) for p in (C, W1, b1, W2, b2, bngain, bnbias)]


def evaluate(X, Y):
    return float("nan")


def calibrate_batchnorm(X, C, W1, b1):
    return torch.full_like(b1, float("nan")), torch.full_like(b1, float("inf"))
