# Answers: ex1.dC ex1.db2

import torch


def pairs(Xb, demb):
    for k in range(Xb.shape[0]):
        yield from zip(Xb[k].tolist(), demb[k])


def dC(C, Xb, demb):
    out = torch.zeros_like(C)
    for i, row in pairs(Xb, demb):
        out[i] += row
    return out


def db2(dlogits):
    return sum(row for row in dlogits)
