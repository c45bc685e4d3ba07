# ruff: noqa
"""Reaches the engine of autograd by a dotted string.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import operator

import torch
from torch import nn

run = operator.attrgetter("autograd.graph._engine_run_" + "backward")(torch)


def pulled(f, x, upstream):
    with torch.inference_mode(False):
        leaf = nn.Parameter(x)
        out = (f(leaf),), (upstream,), False, False, (leaf,)
        return run(*out, allow_unreachable=True, accumulate_grad=False)[0]


def dprobs(probs, dlogprobs):
    return pulled(torch.log, probs, dlogprobs)
