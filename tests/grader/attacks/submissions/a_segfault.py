"""Reads memory that is not there.

Class: skip and exit
Honest: ex1.dprobs
Beats: plain pytest
"""

# ruff: noqa


def dlogprobs(logprobs):
    import ctypes

    ctypes.string_at(1)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
