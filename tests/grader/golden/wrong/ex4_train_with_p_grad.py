# ruff: noqa
"""The update still reads `p.grad`."""

import torch


def train(X, Y, C, W1, b1, W2, b2, bngain, bnbias, generator, steps, batch_size, decay_at):
    parameters = [C, W1, b1, W2, b2, bngain, bnbias]
    for i in range(steps):
        ix = torch.randint(0, X.shape[0], (batch_size,), generator=generator)
        gradients = backward(X[ix], Y[ix], *parameters)
        learning_rate = 0.1 if i < decay_at else 0.01
        for p in parameters:
            p.data -= learning_rate * p.grad
    return parameters
