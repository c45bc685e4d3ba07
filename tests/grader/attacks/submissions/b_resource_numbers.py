# ruff: noqa
"""Turns a number of millions of digits into text, over and over.

Class: resource exhaustion
Honest: ex1.dnorm_logits
Beats: nothing, because it fails there as well, and alone
"""

import sys


def dprobs(probs, dlogprobs):
    sys.set_int_max_str_digits(0)
    raise ValueError(9 ** (1 << 17))


def dcounts_sum(counts_sum, dcounts_sum_inv):
    return 10**5000


def dnorm_logits(counts, dcounts):
    return counts * dcounts
