# ruff: noqa
"""Switches the garbage collector off and fills it with cycles.

Class: poisoned global state
Honest: ex1.dnorm_logits, ex1.db2
Beats: nothing, because the poison alone makes no answer right
"""

import gc

import torch


def dprobs(probs, dlogprobs):
    gc.disable()
    gc.freeze()
    for _ in range(1000):
        cycle = [torch.zeros(1000)]
        cycle.append(cycle)
    return probs


def dnorm_logits(counts, dcounts):
    return counts * dcounts


def db2(dlogits):
    return dlogits.sum(0)
