"""Answers with no entries at all, in a shape that broadcasts to the right one.

Class: hostile return values
Honest: ex1.dprobs
Beats: plain pytest
"""

# ruff: noqa

import torch


def dcounts_sum(counts_sum):
    return torch.zeros(counts_sum.shape[0], 0)


def dbnvar(bnvar):
    return torch.zeros(0, bnvar.shape[1])


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
