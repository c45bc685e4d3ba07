"""Answers with lists, texts, numbers, nothing, and the tensor type itself.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because torch.allclose takes no such thing
"""

# ruff: noqa

import torch


def dcounts(counts):
    return counts.tolist()


def dlogits(dnorm_logits, dlogit_maxes):
    return "passed"


def dhpreact(dh):
    return [dh]


def dcounts_sum(counts_sum):
    return torch.Tensor


def dC(C):
    return True


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
