# ruff: noqa
"""Leftover loops of a notebook bind p and t; functions have variables of their own by these names."""

import torch
import torch.nn.functional as F

parameters = [torch.zeros(27, 10), torch.zeros(30, 64)]
for p in parameters:
    p.requires_grad = True
for p in parameters:
    p.grad = None
for t in parameters:
    t.retain_grad()


def dhpreact(hpreact, dh):
    t = torch.tanh(hpreact)
    return (1.0 - t**2) * dh


def dlogits(logits, Yb, n):
    p = F.softmax(logits, 1)
    p[range(n), Yb] -= 1
    return p / n
