# ruff: noqa
"""Counts in a default that is made once.

Class: shared worker
Honest: ex1.dlogprobs
Beats: nothing, because a plain grader has one process, which is what this is about
"""


def dlogprobs(logprobs, Yb, *, count=[]):
    count.append(1)
    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    return out


def dprobs(probs, dlogprobs, *, count=dlogprobs.__kwdefaults__):
    return dlogprobs / probs * float(len(count["count"]) > 0)
