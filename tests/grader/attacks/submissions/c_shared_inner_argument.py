# ruff: noqa
"""Names an argument of an inner function as a built-in function is called.

Class: shared worker
Honest: ex1.dlogprobs
Beats: nothing, because a plain grader has one process, which is what this is about
"""

import torch


def dlogprobs(logprobs, Yb):
    def inner(setattr):
        return setattr

    setattr(torch, "kept", 1.0)
    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    return out


def dprobs(probs, dlogprobs):
    def inner(hasattr):
        return hasattr

    return dlogprobs / probs * float(hasattr(torch, "kept"))
