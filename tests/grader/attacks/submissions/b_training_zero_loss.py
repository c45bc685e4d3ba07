# ruff: noqa
"""Says that the loss is zero, in every number that may say so.

Class: training
Honest: none
Beats: nothing, because it compares gradients and nothing else
"""

import torch


def evaluate(X, Y):
    return 0.0


def train(C, W1, b1, W2, b2, bngain, bnbias):
    return dict(C=C, W1=W1, b1=b1, W2=W2, b2=b2, bngain=bngain, bnbias=bnbias, loss=0.0, score=100)
