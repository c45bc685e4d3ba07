"""Says that its own failure was expected.

Class: skip and exit
Honest: ex1.dprobs
Beats: plain pytest
"""

# ruff: noqa


def dcounts(counts):
    import pytest

    pytest.xfail("known")


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
