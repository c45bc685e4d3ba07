"""Raises KeyboardInterrupt, as if a person had stopped the run.

Class: skip and exit
Honest: ex1.dprobs
Beats: plain pytest
"""

# ruff: noqa


def dlogprobs(logprobs):
    raise KeyboardInterrupt


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
