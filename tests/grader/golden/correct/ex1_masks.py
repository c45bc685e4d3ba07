# ruff: noqa
"""Masks: one for each row of the vocabulary, one for the labels, one for the maxima."""

import torch


def dlogprobs(logprobs, Yb, vocab):
    mask = torch.arange(vocab)[None, :] == Yb[:, None]
    return torch.where(mask, -1.0 / len(Yb), 0.0)


def dlogits(logits, dnorm_logits, dlogit_maxes):
    mask = torch.arange(logits.shape[1]) == logits.argmax(1, keepdim=True)
    return torch.where(mask, dnorm_logits + dlogit_maxes, dnorm_logits)


def dC(C, Xb, demb):
    dC = torch.zeros_like(C)
    for i in range(C.shape[0]):
        dC[i] = demb[Xb == i].sum(0)
    return dC
