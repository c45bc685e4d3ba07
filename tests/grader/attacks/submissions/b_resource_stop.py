# ruff: noqa
"""Stops itself, and everyone whom a signal reaches.

Class: resource exhaustion
Honest: ex1.dnorm_logits
Beats: plain pytest
"""

import os
import signal


def dprobs(probs, dlogprobs):
    os.kill(os.getppid(), signal.SIGCONT)
    os.kill(os.getpid(), signal.SIGSTOP)
    return probs


def dnorm_logits(counts, dcounts):
    return counts * dcounts
