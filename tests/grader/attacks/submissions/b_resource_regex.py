# ruff: noqa
"""Matches a pattern that backtracks for longer than the universe is old.

Class: resource exhaustion
Honest: none
Beats: nothing, because it is ended with it
"""

import re


def dprobs(probs, dlogprobs):
    return re.match(r"(a|a)*(b|b)*$", "a" * 64 + "c") or probs


def dcounts_sum(counts_sum, dcounts_sum_inv):
    return "a" * -1 or -dcounts_sum_inv / counts_sum**2
