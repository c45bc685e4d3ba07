# ruff: noqa
"""Runs out of stack in one task; the next one is asked all the same.

Class: shared worker
Honest: ex1.dprobs
Beats: nothing, because a plain grader has one process, which is what this is about
"""


def dlogprobs(logprobs, Yb):
    def deeper(x):
        return deeper(x) + 1

    return deeper(logprobs)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
