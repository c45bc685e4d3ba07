"""Answers with an input itself, with a view of it, and with one it has changed.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because the numbers are wrong
"""

# ruff: noqa


def dcounts(dprobs):
    return dprobs


def dhpreact(dh):
    return dh[:]


def dnorm_logits(counts, dcounts):
    return dcounts.mul_(counts)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
