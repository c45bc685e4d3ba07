# ruff: noqa
"""`dC[Xb] += demb`: rows that repeat are overwritten."""

import torch


def dC(C, Xb, demb):
    dC = torch.zeros_like(C)
    dC[Xb] += demb
    return dC
