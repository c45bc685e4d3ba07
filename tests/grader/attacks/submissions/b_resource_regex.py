# ruff: noqa
"""Matches a pattern that backtracks for longer than the universe is old.

Class: resource exhaustion
Honest: ex1.dnorm_logits
Beats: nothing, because it is ended with it
"""

import re


def dprobs(probs, dlogprobs):
    return re.match(r"(a|a)*(b|b)*$", "a" * 64 + "c") or probs



def dnorm_logits(counts, dcounts):
    return counts * dcounts
