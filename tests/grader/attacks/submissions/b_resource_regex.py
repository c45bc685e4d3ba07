# ruff: noqa
"""Matches a pattern that backtracks for longer than the universe is old.

Class: resource exhaustion
Honest: ex1.dnorm_logits
Beats: plain pytest
"""

import re


def dprobs(probs, dlogprobs):
    return re.match(r"(a|a)*(b|b)*$", "a" * 64 + "c") or probs


def dnorm_logits(counts, dcounts):
    return counts * dcounts
