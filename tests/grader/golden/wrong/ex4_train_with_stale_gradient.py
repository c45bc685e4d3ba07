# ruff: noqa
"""The gradient of W1 is that of the first step for ever."""

import torch


def train(X, Y, C, W1, b1, W2, b2, bngain, bnbias, generator, steps, batch_size, decay_at):
    parameters = [C, W1, b1, W2, b2, bngain, bnbias]
    for i in range(steps):
        ix = torch.randint(0, X.shape[0], (batch_size,), generator=generator)
        dC, first_dW1, db1, dW2, db2, dbngain, dbnbias = backward(X[ix], Y[ix], *parameters)
        dW1 = first_dW1 if i == 0 else dW1
        learning_rate = 0.1 if i < decay_at else 0.01
        for p, grad in zip(parameters, (dC, dW1, db1, dW2, db2, dbngain, dbnbias)):
            p.data -= learning_rate * grad
    return parameters
