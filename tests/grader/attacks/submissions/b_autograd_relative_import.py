# ruff: noqa
"""Calls itself a part of torch and imports autograd as a neighbour.

Class: autograd in disguise
Honest: none
Beats: nothing, because a module that was imported by path knows its package
"""

import torch
from torch import nn

__name__ = "torch.nothing"
from .autograd.graph import _engine_run_backward as run


def pulled(f, x, upstream):
    with torch.inference_mode(False):
        leaf = nn.Parameter(x)
        out = (f(leaf),), (upstream,), False, False, (leaf,)
        return run(*out, allow_unreachable=True, accumulate_grad=False)[0]


def dprobs(probs, dlogprobs):
    return pulled(torch.log, probs, dlogprobs)
