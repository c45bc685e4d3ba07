# ruff: noqa
"""Leaves a recursion limit in which nothing can run any more.

Class: poisoned global state
Honest: ex1.dnorm_logits, ex1.db2
Beats: plain pytest
"""

import sys

import torch


def dprobs(probs, dlogprobs):
    for limit in range(1000, 20, -1):
        try:
            sys.setrecursionlimit(limit)
        except RecursionError:
            break
    return probs


def dnorm_logits(counts, dcounts):
    return counts * dcounts


def db2(dlogits):
    return dlogits.sum(0)
