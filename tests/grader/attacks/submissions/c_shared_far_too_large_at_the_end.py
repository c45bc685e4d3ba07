# ruff: noqa
"""Gives an answer far beyond the cap to its last question.

Class: shared worker
Honest: ex1.dprobs
Beats: nothing, because a plain grader has one process, which is what this is about
"""

import torch


def dlogprobs(logprobs, Yb):
    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    if logprobs.dtype == torch.float64:
        return out.repeat(1000, 100)
    return out


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
