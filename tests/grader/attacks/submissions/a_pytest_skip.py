"""Skips its own test.

Class: skip and exit
Honest: ex1.dprobs
Beats: plain pytest
"""

# ruff: noqa


def dcounts(counts):
    import pytest

    pytest.skip("not today")


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
