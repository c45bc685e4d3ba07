# ruff: noqa
"""Exercises 2 and 3 in one file, with parameters that have defaults and are not on offer."""

import torch.nn.functional as F


def dlogits(logits, Yb, dim=1):
    dlogits = F.softmax(logits, dim)
    dlogits[range(len(Yb)), Yb] -= 1
    return dlogits / len(Yb)


def dhprebn(dhpreact, bngain, bnraw, bnvar, eps=1e-5, dim=0):
    n = dhpreact.shape[dim]
    along = (dhpreact * bnraw).sum(dim) / (n - 1)
    return bngain * (bnvar + eps) ** -0.5 * (dhpreact - dhpreact.mean(dim) - bnraw * along)
