# ruff: noqa
"""Has a string annotation evaluated by typing.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import typing

import torch
from torch import nn


def hint(x: "torch.autograd.graph._engine_run_backward"): ...


run = typing.get_type_hints(hint)["x"]


def pulled(f, x, upstream):
    with torch.inference_mode(False):
        leaf = nn.Parameter(x)
        out = (f(leaf),), (upstream,), False, False, (leaf,)
        return run(*out, allow_unreachable=True, accumulate_grad=False)[0]


def dprobs(probs, dlogprobs):
    return pulled(torch.log, probs, dlogprobs)
