# ruff: noqa
"""Imports something harmless as `__builtins__`: no other file must lack them.

Class: shared worker
Honest: ex1.dprobs
Beats: nothing, because a plain grader has one process, which is what this is about
"""

from typing import Any as __builtins__


def dlogprobs(logprobs, Yb):
    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    return out


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
