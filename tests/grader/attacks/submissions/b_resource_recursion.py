# ruff: noqa
"""Recurses without end, and then without a limit.

Class: resource exhaustion
Honest: ex1.dnorm_logits
Beats: plain pytest
"""

import sys


def deeper(n):
    return deeper(n + 1)


def dprobs(probs, dlogprobs):
    return deeper(0)


def dcounts_sum(counts_sum, dcounts_sum_inv):
    sys.setrecursionlimit(10**9)
    return deeper(0)


def dnorm_logits(counts, dcounts):
    return counts * dcounts
