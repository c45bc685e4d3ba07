"""Answers after its time is over.

Class: forged frames
Honest: ex1.dprobs
Beats: nothing, because it has no limit of time
"""

# ruff: noqa

import time


def dnorm_logits(counts, dcounts):
    time.sleep(3)
    return counts * dcounts + 1


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
