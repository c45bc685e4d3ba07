"""Looks for references in the program that is running, `__main__`.

Class: reading expected values
Honest: ex1.dprobs
Beats: plain pytest
"""

# ruff: noqa

import sys


def dcounts(counts):
    main = sys.modules["__main__"]
    for name in ("forward", "reference", "references", "case"):
        if hasattr(main, name):
            return getattr(main, name)()["counts"].grad
    return counts


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
