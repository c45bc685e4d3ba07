# ruff: noqa
"""Forks again and again; forty times are enough to see that it can.

Class: resource exhaustion
Honest: ex1.dnorm_logits
Beats: plain pytest
"""

import os
import time


def dprobs(probs, dlogprobs):
    for _ in range(40):
        if os.fork() == 0:
            time.sleep(3)
            os._exit(0)
    return dlogprobs / probs


def dnorm_logits(counts, dcounts):
    return counts * dcounts
