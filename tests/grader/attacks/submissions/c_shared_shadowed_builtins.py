# ruff: noqa
"""Calls its own functions and constants like what the other functions use.

Class: shared worker
Honest: ex1.dlogprobs
Beats: nothing, because a plain grader has one process, which is what this is about
"""

range_of = range
len = 3
sum = 4


def dlogprobs(logprobs, Yb):
    out = logprobs * 0
    out[range(Yb.shape[0]), Yb] = -1.0 / Yb.shape[0]
    return out


def print(x):
    return x * 2


def dprobs(probs, dlogprobs):
    return print(dlogprobs / probs)
