# ruff: noqa
"""The gradients of all seven parameters."""

import torch
import torch.nn.functional as F


def backward(Xb, Yb, C, W1, b1, W2, b2, bngain, bnbias):
    n = Xb.shape[0]
    embcat = C[Xb].flatten(1)
    hprebn = embcat @ W1 + b1
    inv = (hprebn.var(0) + 1e-5) ** -0.5
    raw = (hprebn - hprebn.mean(0)) * inv
    h = (bngain * raw + bnbias).tanh()
    dout = F.softmax(h @ W2 + b2, 1)
    dout[torch.arange(n), Yb] -= 1
    dout /= n
    dpre = (1 - h**2) * (dout @ W2.T)
    dgain, dbias = (dpre * raw).sum(0, keepdim=True), dpre.sum(0, keepdim=True)
    dhid = bngain * inv * (dpre - dbias / n - raw * dgain / (n - 1))
    dC = torch.zeros_like(C).index_add_(0, Xb.flatten(), (dhid @ W1.T).view(-1, C.shape[1]))
    return dC, embcat.T @ dhid, dhid.sum(0), h.T @ dout, dout.sum(0), dgain, dbias
