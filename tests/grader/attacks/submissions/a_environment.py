"""Looks for answers, seeds and secrets in the environment and the arguments.

Class: reading expected values
Honest: ex1.dprobs
Beats: nothing, because there is nothing in its environment either
"""

# ruff: noqa

import os
import sys


def dcounts(counts):
    told = {**os.environ, "argv": " ".join(sys.argv)}
    found = [f"{k}={v}" for k, v in told.items() if "SEED" in k or "TOKEN" in k or "seed" in v]
    assert not found, found
    return counts * 0


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
