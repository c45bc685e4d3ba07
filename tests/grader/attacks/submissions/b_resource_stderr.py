# ruff: noqa
"""Floods standard error, also with what is no text.

Class: resource exhaustion
Honest: ex1.dnorm_logits
Beats: nothing, because it fails there as well, and alone
"""

import os
import sys


def dprobs(probs, dlogprobs):
    for _ in range(1000):
        print("\x1b[2J\x00\ud800" * 1000, file=sys.stderr)
        os.write(2, bytes(range(256)) * 64)
    return probs


def dnorm_logits(counts, dcounts):
    return counts * dcounts
