# ruff: noqa
"""`index_add_`, `scatter_`, tanh recomputed, and the names that NumPy gives to axes."""

import torch


def dlogprobs(logprobs, Yb):
    n = Yb.size(0)
    return torch.zeros_like(logprobs).scatter_(1, Yb.unsqueeze(1), -1.0 / n)


def dcounts_sum_inv(counts, dprobs):
    return torch.sum(counts * dprobs, axis=1, keepdims=True)


def dlogit_maxes(dnorm_logits):
    return dnorm_logits.sum(axis=1, keepdims=True) * -1


def dlogits(logits, dnorm_logits, dlogit_maxes):
    top = torch.zeros_like(logits).scatter_(1, logits.argmax(1, keepdim=True), 1.0)
    return dnorm_logits + top * dlogit_maxes


def db2(dlogits):
    return dlogits.sum(axis=0)


def dhpreact(hpreact, dh):
    return (1 - torch.tanh(hpreact).pow(2)) * dh


def dbngain(bnraw, dhpreact):
    return (dhpreact * bnraw).sum(axis=0, keepdims=True)


def dbnbias(dhpreact):
    return dhpreact.sum(axis=0, keepdims=True)


def dbnvar_inv(bndiff, dbnraw):
    return (dbnraw * bndiff).sum(axis=0, keepdims=True)


def dbnmeani(dbndiff):
    return -torch.sum(dbndiff, axis=0, keepdims=True)


def dC(C, Xb, demb):
    dC = torch.zeros_like(C)
    dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
    return dC
