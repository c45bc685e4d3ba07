# ruff: noqa
"""`index_put_` that accumulates, and every broadcast written out with `expand`."""

import torch


def dcounts(counts, counts_sum_inv, dprobs, dcounts_sum):
    return counts_sum_inv.expand(counts.shape) * dprobs + dcounts_sum.expand(-1, counts.shape[1])


def dlogits(logits, dnorm_logits, dlogit_maxes):
    dlogits = dnorm_logits.clone()
    rows = torch.arange(len(logits))
    dlogits.index_put_((rows, logits.argmax(1)), dlogit_maxes[:, 0], accumulate=True)
    return dlogits


def dbnraw(bngain, dhpreact):
    return bngain.expand_as(dhpreact) * dhpreact


def dbndiff2(bndiff2, dbnvar):
    n = bndiff2.shape[0]
    return dbnvar.expand(n, -1) / (n - 1)


def dhprebn(dbndiff, dbnmeani):
    n = dbndiff.shape[0]
    return dbndiff + (dbnmeani / n).expand(n, dbndiff.shape[1])


def dC(C, Xb, demb):
    dC = torch.zeros_like(C)
    dC.index_put_((Xb,), demb, accumulate=True)
    return dC
