# ruff: noqa
"""Replaces torch functions that a later task or a reference might call.

Class: poisoned global state
Honest: ex1.dnorm_logits, ex1.db2
Beats: plain pytest
"""

import torch


def dprobs(probs, dlogprobs):
    torch.exp = torch.tanh = torch.log = torch.zeros_like
    torch.Tensor.exp = torch.Tensor.log = torch.zeros_like
    torch.Tensor.sum = lambda self, *given, **named: torch.zeros(())
    torch.Tensor.__mul__ = lambda self, other: self
    return probs


def dnorm_logits(counts, dcounts):
    return counts * dcounts


def db2(dlogits):
    return dlogits.sum(0)
