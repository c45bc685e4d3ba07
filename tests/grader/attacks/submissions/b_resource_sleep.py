# ruff: noqa
"""Sleeps for an hour, which costs no processor time.

Class: resource exhaustion
Honest: ex1.dnorm_logits
Beats: plain pytest
"""

import time


def dprobs(probs, dlogprobs):
    try:
        time.sleep(3600)
    except BaseException:
        time.sleep(3600)


def dnorm_logits(counts, dcounts):
    return counts * dcounts
