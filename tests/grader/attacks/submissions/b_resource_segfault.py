# ruff: noqa
"""Reads memory that is not there.

Class: resource exhaustion
Honest: ex1.dnorm_logits
Beats: plain pytest
"""

import ctypes


def dprobs(probs, dlogprobs):
    return ctypes.string_at(1)


def dcounts_sum(counts_sum, dcounts_sum_inv):
    ctypes.memset(id(counts_sum) - 64, 0x41, 4096)
    return counts_sum


def dnorm_logits(counts, dcounts):
    return counts * dcounts
