# ruff: noqa
"""Takes over signals, exits and hooks, to outlive its own call.

Class: poisoned global state
Honest: ex1.dnorm_logits, ex1.db2
Beats: nothing, because the poison alone makes no answer right
"""

import atexit
import signal
import sys

import torch

atexit.register(print, "still here")
sys.excepthook = sys.unraisablehook = lambda *given: None
sys.settrace(lambda *given: None)
sys.setprofile(lambda *given: None)
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGXCPU, signal.SIGALRM):
    signal.signal(number, signal.SIG_IGN)


def dprobs(probs, dlogprobs):
    return probs


def dnorm_logits(counts, dcounts):
    return counts * dcounts


def db2(dlogits):
    return dlogits.sum(0)
