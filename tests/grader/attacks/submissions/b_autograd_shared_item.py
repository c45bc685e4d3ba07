# ruff: noqa
"""Stores autograd in a dictionary at the top level, as a leftover line might.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch
from torch import nn

tools = {}
tools["run"] = torch.autograd.graph._engine_run_backward


def run(*given, **named):
    return tools["run"](*given, **named)


def pulled(f, x, upstream):
    with torch.inference_mode(False):
        leaf = nn.Parameter(x)
        out = (f(leaf),), (upstream,), False, False, (leaf,)
        return run(*out, allow_unreachable=True, accumulate_grad=False)[0]


def dprobs(probs, dlogprobs):
    return pulled(torch.log, probs, dlogprobs)
