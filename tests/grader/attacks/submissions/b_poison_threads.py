# ruff: noqa
"""Turns on threads and deterministic algorithms for whoever comes next.

Class: poisoned global state
Honest: ex1.dnorm_logits, ex1.db2
Beats: nothing, because the poison alone makes no answer right
"""

import torch


def dprobs(probs, dlogprobs):
    torch.set_num_threads(64)
    torch.use_deterministic_algorithms(True)
    torch.set_flush_denormal(True)
    torch.backends.mkldnn.enabled = True
    return probs


def dnorm_logits(counts, dcounts):
    return counts * dcounts


def db2(dlogits):
    return dlogits.sum(0)
