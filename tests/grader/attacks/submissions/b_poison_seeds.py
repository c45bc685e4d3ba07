# ruff: noqa
"""Reseeds every generator, so that the hidden draws would be its own.

Class: poisoned global state
Honest: ex1.dnorm_logits, ex1.db2
Beats: nothing, because the poison alone makes no answer right
"""

import random

import torch

torch.manual_seed(2147483647)
random.seed(0)


def dprobs(probs, dlogprobs):
    torch.manual_seed(0)
    return torch.randn(probs.shape)


def dnorm_logits(counts, dcounts):
    return counts * dcounts


def db2(dlogits):
    return dlogits.sum(0)
