# Answers: ex1.db2 ex1.dC

import torch


def db2(dlogits):
    return torch.stack([column.sum() for column in dlogits.T])


def dC(C, Xb, demb):
    flat, rows = Xb.flatten(), demb.flatten(0, 1)
    table = {i: rows[flat == i].sum(0) for i in range(len(C))}
    return torch.stack([table[i] for i in range(len(C))])
