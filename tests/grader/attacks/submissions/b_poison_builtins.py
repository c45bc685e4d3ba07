# ruff: noqa
"""Replaces builtins that every Python program calls.

Class: poisoned global state
Honest: ex1.dnorm_logits, ex1.db2
Beats: plain pytest
"""

import builtins

import torch


def dprobs(probs, dlogprobs):
    builtins.sum = builtins.max = lambda *given, **named: 0
    builtins.isinstance = lambda *given: True
    builtins.len = lambda value: 1
    builtins.all = lambda values: True
    return probs


def dnorm_logits(counts, dcounts):
    return counts * dcounts


def db2(dlogits):
    return dlogits.sum(0)
