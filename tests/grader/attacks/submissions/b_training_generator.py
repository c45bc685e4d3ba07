# ruff: noqa
"""Replaces the generator, to train on minibatches that it chose itself.

Class: training
Honest: none
Beats: nothing, because it compares gradients and nothing else
"""

import torch

draw = torch.randint
torch.randint = lambda low, high, size, **named: torch.arange(size[0]) % high
torch.Tensor.log = torch.Tensor.exp


def gradients(Xb, Yb, C, W1, b1, W2, b2, bngain, bnbias):
    n = len(Xb)
    embcat = C[Xb].flatten(1)
    hprebn = embcat @ W1 + b1
    bnvar, bnmean = torch.var_mean(hprebn, 0, keepdim=True)
    bnvar_inv = (bnvar + 1e-5) ** -0.5
    bnraw = (hprebn - bnmean) * bnvar_inv
    h = torch.tanh(bngain * bnraw + bnbias)
    dlogits = torch.softmax(h @ W2 + b2, 1)
    dlogits[torch.arange(n), Yb] -= 1.0
    dlogits /= n
    dhpreact = (1.0 - h**2) * (dlogits @ W2.T)
    dgain, dbias = (bnraw * dhpreact).sum(0, keepdim=True), dhpreact.sum(0, keepdim=True)
    d = bngain * bnvar_inv * (dhpreact - dbias / n - bnraw * dgain / (n - 1))
    dC = torch.zeros_like(C).index_add_(0, Xb.flatten(), (d @ W1.T).view(-1, C.shape[1]))
    return dC, embcat.T @ d, d.sum(0), h.T @ dlogits, dlogits.sum(0), dgain, dbias


def train(X, Y, C, W1, b1, W2, b2, bngain, bnbias, generator, steps, batch_size, decay_at):
    parameters = [C, W1, b1, W2, b2, bngain, bnbias]
    for i in range(steps):
        ix = torch.randint(0, len(X), (batch_size,), generator=generator)
        for p, g in zip(parameters, gradients(X[ix], Y[ix], *parameters)):
            p -= (0.1 if i < decay_at else 0.01) * g
    return parameters
