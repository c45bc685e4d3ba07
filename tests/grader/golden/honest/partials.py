# Answers: ex1.db2 ex1.dbnbias

from functools import partial

import torch

rows = partial(torch.sum, dim=0)
kept = partial(torch.sum, dim=0, keepdim=True)


def db2(dlogits):
    return rows(dlogits)


def dbnbias(dhpreact):
    return kept(dhpreact)
