# ruff: noqa
"""Trains with autograd and hides it in a helper.

Class: training
Honest: none
Beats: nothing, because it compares gradients and nothing else
"""

import torch


def cost(Xb, Yb, C, W1, b1, W2, b2, bngain, bnbias):
    x = C[Xb].flatten(1) @ W1 + b1
    var, mean = torch.var_mean(x, 0, keepdim=True)
    h = torch.tanh(bngain * (x - mean) * (var + 1e-5) ** -0.5 + bnbias)
    return torch.nn.functional.cross_entropy(h @ W2 + b2, Yb)


def slopes(Xb, Yb, *parameters):
    with torch.enable_grad():
        leaves = [p.clone().requires_grad_() for p in parameters]
        return torch.autograd.grad(cost(Xb, Yb, *leaves), leaves)


def backward(Xb, Yb, C, W1, b1, W2, b2, bngain, bnbias):
    return slopes(Xb, Yb, C, W1, b1, W2, b2, bngain, bnbias)


def train(X, Y, C, W1, b1, W2, b2, bngain, bnbias, generator, steps, batch_size, decay_at):
    parameters = C, W1, b1, W2, b2, bngain, bnbias
    for i in range(steps):
        ix = torch.randint(0, len(X), (batch_size,), generator=generator)
        for p, g in zip(parameters, slopes(X[ix], Y[ix], *parameters)):
            p -= (0.1 if i < decay_at else 0.01) * g
    return parameters
