"""Reads the next questions from the pipe before it answers the first.

Class: reading expected values
Honest: ex1.dprobs
Beats: nothing, because it asks by calling, not through a pipe
"""

# ruff: noqa

import os


def dcounts(counts):
    ahead = os.read(3, 1 << 16)
    return counts * len(ahead)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
