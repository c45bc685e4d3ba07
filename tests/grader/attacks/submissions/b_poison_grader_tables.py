# ruff: noqa
"""Reaches for the worker that calls it and rewrites its table of functions.

Class: poisoned global state
Honest: ex1.dnorm_logits, ex1.db2
Beats: nothing, because the poison alone makes no answer right
"""

import sys

import torch


def dprobs(probs, dlogprobs):
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()):
            if hasattr(value, "_functions"):
                right = lambda counts, dcounts: counts * dcounts
                value._functions = {key: right for key in value._functions}
        frame = frame.f_back
    return probs


def dcounts(counts, dprobs, dcounts_sum):
    return counts


def dnorm_logits(counts, dcounts):
    return counts * dcounts


def db2(dlogits):
    return dlogits.sum(0)
