# ruff: noqa
"""Raises with frames that hold much memory, in every call.

Class: shared worker
Honest: ex1.dprobs
Beats: nothing, because a plain grader has one process, which is what this is about
"""

import torch


def dlogprobs(logprobs, Yb):
    large = torch.zeros(100_000_000)
    try:
        logprobs.item()
    except RuntimeError as error:
        again = [error]
        again.append(again)
        raise ValueError("\ud800" * 3000)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
