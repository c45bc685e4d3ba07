# ruff: noqa
"""Gives an impossible answer to its last question, so that the next task finds a dead process.

Class: shared worker
Honest: ex1.dprobs
Beats: nothing, because a plain grader has no wire
"""

import torch


def dlogprobs(logprobs, Yb):
    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    if logprobs.dtype == torch.float64:
        return out.reshape([1] * 40 + [-1])
    return out


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
