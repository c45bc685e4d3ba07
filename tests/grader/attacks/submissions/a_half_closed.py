"""Closes only the pipe that questions come through, and answers what was asked already.

Class: skip and exit
Honest: ex1.dprobs
Beats: nothing, because it has no pipe to close
"""

# ruff: noqa

import os


def dcounts(counts):
    os.close(3)
    return counts


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
