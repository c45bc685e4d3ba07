# ruff: noqa
"""Reaches getattr as torch.builtins.getattr, where no name is a builtin.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch
from torch import builtins as b
from torch import nn

run = b.getattr(b.getattr(b.getattr(torch, "autograd"), "graph"), "_engine_run_backward")


def pulled(f, x, upstream):
    with torch.inference_mode(False):
        leaf = nn.Parameter(x)
        out = (f(leaf),), (upstream,), False, False, (leaf,)
        return run(*out, allow_unreachable=True, accumulate_grad=False)[0]


def dprobs(probs, dlogprobs):
    return pulled(torch.log, probs, dlogprobs)
