# ruff: noqa
"""Loops over examples and characters, with `enumerate` and `.item()`."""

import torch


def dlogprobs(logprobs, Yb):
    out = torch.zeros_like(logprobs)
    for i, y in enumerate(Yb.tolist()):
        out[i, y] = -1 / len(Yb)
    return out


def dlogits(logits, dnorm_logits, dlogit_maxes):
    idx = logits.max(dim=1).indices
    mask = torch.zeros_like(logits)
    mask[range(logits.shape[0]), idx] = 1
    return dnorm_logits + mask * dlogit_maxes


def db2(dlogits):
    total = torch.zeros_like(dlogits[0])
    for row in dlogits:
        total += row
    return total


def dC(C, Xb, demb):
    dC = torch.zeros(C.shape)
    for i, context in enumerate(Xb):
        for j, ix in enumerate(context):
            dC[ix.item()] += demb[i, j]
    return dC
