"""Raises an exception whose text ends the process when it is shown.

Class: hostile return values
Honest: ex1.dprobs
Beats: plain pytest
"""

# ruff: noqa

import os


class Last(Exception):
    def __str__(self):
        os._exit(0)

    __repr__ = __str__


def dcounts(counts):
    raise Last


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
