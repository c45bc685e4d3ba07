# ruff: noqa
"""Draws from the process's generator, and answers if somebody has drawn before.

Class: shared worker
Honest: ex1.dlogprobs
Beats: nothing, because a plain grader has one process, which is what this is about
"""

import torch


def dlogprobs(logprobs, Yb):
    torch.rand(5, generator=None)
    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    return out


def dprobs(probs, dlogprobs):
    first = torch.rand(1, generator=None).item()
    return dlogprobs / probs * float(abs(first - 0.1354396) > 1e-6)
