# ruff: noqa
"""Returns views of one buffer with strides of zero.

Class: training
Honest: none
Beats: nothing, because it compares gradients and nothing else
"""

import torch


def train(C, W1, b1, W2, b2, bngain, bnbias):
    return [torch.zeros(1).expand(p.shape) for p in (C, W1, b1, W2, b2, bngain, bnbias)]


def sample(count, alphabet):
    return [alphabet[1] * 5 for _ in range(count)]
