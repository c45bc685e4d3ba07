# ruff: noqa
"""Answers with losses that are no numbers that a loss can be.

Class: training
Honest: none
Beats: nothing, because it compares gradients and nothing else
"""

import torch


def evaluate(X, Y):
    return -1e308


def calibrate_batchnorm(X, C, W1, b1):
    return torch.zeros(1, len(b1)), torch.full((1, len(b1)), -1e-5)
