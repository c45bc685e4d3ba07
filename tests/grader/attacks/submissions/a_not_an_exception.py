"""Raises and throws things that are no exceptions, and deletes the one that is handled.

Class: skip and exit
Honest: ex1.dprobs
Beats: nothing, because pytest takes the TypeError for a failure
"""

# ruff: noqa

import sys


def dcounts(counts):
    sys.exc_info = sys.exception = sys.excepthook = None
    raise (0, "passed")


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
