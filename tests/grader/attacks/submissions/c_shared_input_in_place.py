# ruff: noqa
"""Changes what it is given, and returns it: the next task has its own.

Class: shared worker
Honest: ex1.dprobs
Beats: nothing, because a plain grader hands out new tensors, too
"""


def dlogprobs(logprobs, Yb):
    logprobs.zero_()
    return logprobs


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
