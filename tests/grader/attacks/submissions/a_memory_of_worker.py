"""Asks the worker's own object, in its caller's frame, for more than it was given.

Class: reading expected values
Honest: ex1.dprobs
Beats: nothing, because it has no worker
"""

# ruff: noqa

import sys


def dcounts(counts):
    frame = sys._getframe(1)
    while frame and "header" not in frame.f_locals:
        frame = frame.f_back
    told = dict(frame.f_locals) if frame else {}
    print(sorted(told), told.get("header"))
    own = told.get("self")
    for value in getattr(own, "_tensors", []):
        if value.shape == counts.shape and value is not counts:
            return value.clone()
    return counts


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
