# ruff: noqa
"""Exercises 2 to 4 in one file: softmax minus one-hot, `torch.no_grad`, parameters by name."""

import torch
from torch.nn import functional as F


def dlogits(logits, Yb):
    return (torch.softmax(logits, dim=1) - F.one_hot(Yb, logits.size(1))) / Yb.size(0)


def dhprebn(dhpreact, bngain, bnraw, bnvar_inv):
    n = dhpreact.size(0)
    through_mean = -(1 / n) * dhpreact.sum(0)
    through_var = -(1 / (n - 1)) * bnraw * (dhpreact * bnraw).sum(0)
    return bngain * bnvar_inv * (dhpreact + through_mean + through_var)


def forward(Xb, p):
    embcat = p["C"][Xb].flatten(1)
    hprebn = embcat @ p["W1"] + p["b1"]
    bnvar_inv = (hprebn.var(0, keepdim=True) + 1e-5) ** -0.5
    bnraw = (hprebn - hprebn.mean(0, keepdim=True)) * bnvar_inv
    h = torch.tanh(p["bngain"] * bnraw + p["bnbias"])
    return h @ p["W2"] + p["b2"], (embcat, bnvar_inv, bnraw, h)


def backward(Xb, Yb, C, W1, b1, W2, b2, bngain, bnbias):
    p = dict(C=C, W1=W1, b1=b1, W2=W2, b2=b2, bngain=bngain, bnbias=bnbias)
    logits, (embcat, bnvar_inv, bnraw, h) = forward(Xb, p)
    grads = {}
    dout = dlogits(logits, Yb)
    grads["dW2"], grads["db2"] = h.T @ dout, dout.sum(0)
    dhpreact = (dout @ W2.T) * (1 - h * h)
    grads["dbngain"] = (dhpreact * bnraw).sum(0, keepdim=True)
    grads["dbnbias"] = dhpreact.sum(0, keepdim=True)
    dhp = dhprebn(dhpreact, bngain, bnraw, bnvar_inv)
    grads["dW1"], grads["db1"] = embcat.T @ dhp, dhp.sum(0)
    hot = F.one_hot(Xb.flatten(), C.shape[0]).to(C.dtype)
    grads["dC"] = hot.T @ (dhp @ W1.T).view(-1, C.shape[1])
    return grads


def train(X, Y, C, W1, b1, W2, b2, bngain, bnbias, generator, steps, batch_size, decay_at):
    p = dict(C=C, W1=W1, b1=b1, W2=W2, b2=b2, bngain=bngain, bnbias=bnbias)
    with torch.no_grad():
        for step in range(steps):
            ix = torch.randint(0, X.shape[0], (batch_size,), generator=generator)
            grads = backward(X[ix], Y[ix], **p)
            lr = 0.01 if step >= decay_at else 0.1
            for name in p:
                p[name] += -lr * grads["d" + name]
    return p
