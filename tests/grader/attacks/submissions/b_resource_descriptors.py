# ruff: noqa
"""Closes, copies and fills every descriptor it has.

Class: resource exhaustion
Honest: ex1.dnorm_logits
Beats: plain pytest
"""

import os


def dprobs(probs, dlogprobs):
    for number in range(64):
        try:
            os.write(number, b"x" * 100_000)
        except OSError:
            pass
    return dlogprobs / probs


def dcounts_sum(counts_sum, dcounts_sum_inv):
    os.closerange(0, 64)
    return -dcounts_sum_inv / counts_sum**2


def dnorm_logits(counts, dcounts):
    return counts * dcounts
