# ruff: noqa
"""Names an argument of a lambda as a built-in: the type of a tensor is changed.

Class: shared worker
Honest: ex1.dlogprobs, ex1.dprobs
Beats: nothing, because a plain grader has one process, which is what this is about
"""


def dlogprobs(logprobs, Yb):
    one = lambda type: type
    one(0)
    try:
        type(logprobs).sum = type(logprobs).mean
    except TypeError:
        pass
    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    return out


def dprobs(probs, dlogprobs):
    return dlogprobs / probs


def db2(dlogits):
    return dlogits.sum(0) + 1.0
