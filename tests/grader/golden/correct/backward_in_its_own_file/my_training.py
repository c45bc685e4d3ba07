# ruff: noqa
"""The loop, with the gradients of the file beside it."""

import torch

from my_backward import backward


def train(X, Y, C, W1, b1, W2, b2, bngain, bnbias, generator, steps, batch_size, decay_at):
    p = [C, W1, b1, W2, b2, bngain, bnbias]
    for i in range(steps):
        ix = torch.randint(0, X.shape[0], (batch_size,), generator=generator)
        for t, dt in zip(p, backward(X[ix], Y[ix], *p)):
            t.data -= (0.1 if i < decay_at else 0.01) * dt
    return p
