# ruff: noqa
"""Reports the loss of a good network, and trains none.

Class: training
Honest: none
Beats: nothing, because it compares gradients and nothing else
"""

import torch


def train(X, Y, C, W1, b1, W2, b2, bngain, bnbias, generator, steps, batch_size, decay_at):
    print("loss 2.0643")
    return C, W1, b1, W2, b2, bngain, bnbias


def evaluate(X, Y, C, W1, b1, W2, b2, bngain, bnbias, bnmean, bnvar):
    return 2.0643
