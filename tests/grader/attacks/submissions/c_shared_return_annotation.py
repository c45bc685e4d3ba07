# ruff: noqa
"""Wants to keep a dictionary that the annotation of a result makes, which is an error, too.

Class: shared worker
Honest: none
Beats: nothing, because a plain grader has one process, which is what this is about
"""


def dlogprobs(logprobs, Yb) -> (kept := {"calls": 0}):
    kept["calls"] += 1
    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    return out


def dprobs(probs, dlogprobs):
    (lambda kept: kept)(0)
    return dlogprobs / probs * min(1, kept["calls"])
