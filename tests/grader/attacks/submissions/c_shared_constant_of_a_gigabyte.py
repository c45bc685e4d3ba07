# ruff: noqa
"""Holds a constant that takes most of the memory before anything is asked.

Class: shared worker
Honest: ex1.dprobs
Beats: nothing, because a plain grader has one process, which is what this is about
"""

LARGE = "a" * 1_500_000_000


def dlogprobs(logprobs, Yb):
    return logprobs * len(LARGE)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
