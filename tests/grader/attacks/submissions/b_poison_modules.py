# ruff: noqa
"""Puts its own modules into sys.modules and its own place onto sys.path.

Class: poisoned global state
Honest: ex1.dnorm_logits, ex1.db2
Beats: nothing, because the poison alone makes no answer right
"""

import sys
import types

import torch


def dprobs(probs, dlogprobs):
    fake = types.ModuleType("math")
    fake.prod = lambda values: 0
    for name in (
        "math",
        "json",
        "struct",
        "ctypes",
        "grader",
        "guest",
        "guest.wire",
        "guest.worker",
    ):
        sys.modules[name] = fake
    sys.path.insert(0, "/tmp")
    sys.meta_path.clear()
    return probs


def dnorm_logits(counts, dcounts):
    return counts * dcounts


def db2(dlogits):
    return dlogits.sum(0)
