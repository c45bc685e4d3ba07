# ruff: noqa
"""`loss.backward()` was left in beside the gradients by hand."""

import torch
from torch.nn import functional


def train(X, Y, C, W1, b1, W2, b2, bngain, bnbias, generator, steps, batch_size, decay_at):
    parameters = [C, W1, b1, W2, b2, bngain, bnbias]
    for i in range(steps):
        ix = torch.randint(0, X.shape[0], (batch_size,), generator=generator)
        loss = functional.cross_entropy(C[X[ix]].flatten(1) @ W1 @ W2, Y[ix])
        loss.backward()
        gradients = backward(X[ix], Y[ix], *parameters)
        learning_rate = 0.1 if i < decay_at else 0.01
        for p, grad in zip(parameters, gradients):
            p.data -= learning_rate * grad
    return parameters
