# ruff: noqa
"""Exercises 2 to 4 in one file: a clone of the probabilities, `p.data -=`."""

import torch
import torch.nn.functional as F


def dlogits(logits, Yb):
    n = logits.shape[0]
    probs = F.softmax(logits, 1)
    dlogits = probs.clone()
    dlogits[range(n), Yb] -= 1
    dlogits /= n
    return dlogits


def dhprebn(dhpreact, bngain, bnraw, bnvar_inv, n):
    return (
        bngain
        * bnvar_inv
        / n
        * (n * dhpreact - dhpreact.sum(0) - n / (n - 1) * bnraw * (dhpreact * bnraw).sum(0))
    )


def backward(Xb, Yb, C, W1, b1, W2, b2, bngain, bnbias):
    n = Xb.shape[0]
    emb = C[Xb]
    embcat = emb.view(emb.shape[0], -1)
    hprebn = embcat @ W1 + b1
    bnmean = hprebn.mean(0, keepdim=True)
    bnvar = hprebn.var(0, keepdim=True, unbiased=True)
    bnvar_inv = (bnvar + 1e-5) ** -0.5
    bnraw = (hprebn - bnmean) * bnvar_inv
    hpreact = bngain * bnraw + bnbias
    h = torch.tanh(hpreact)
    logits = h @ W2 + b2

    dl = dlogits(logits, Yb)
    dh = dl @ W2.T
    dW2 = h.T @ dl
    db2 = dl.sum(0)
    dhpreact = (1.0 - h**2) * dh
    dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
    dbnbias = dhpreact.sum(0, keepdim=True)
    dhp = dhprebn(dhpreact, bngain, bnraw, bnvar_inv, n)
    dembcat = dhp @ W1.T
    dW1 = embcat.T @ dhp
    db1 = dhp.sum(0)
    demb = dembcat.view(emb.shape)
    dC = torch.zeros_like(C)
    dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
    return dC, dW1, db1, dW2, db2, dbngain, dbnbias


def train(X, Y, C, W1, b1, W2, b2, bngain, bnbias, generator, steps, batch_size, decay_at):
    parameters = [C, W1, b1, W2, b2, bngain, bnbias]
    for i in range(steps):
        ix = torch.randint(0, X.shape[0], (batch_size,), generator=generator)
        Xb, Yb = X[ix], Y[ix]
        grads = backward(Xb, Yb, *parameters)
        lr = 0.1 if i < decay_at else 0.01
        for p, grad in zip(parameters, grads):
            p.data -= lr * grad
        if i % 10000 == 0:
            print(f"{i:7d}/{steps:7d}")
    return parameters
