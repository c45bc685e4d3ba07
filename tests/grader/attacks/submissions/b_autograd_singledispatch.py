# ruff: noqa
"""Has a string annotation evaluated by functools, which reads it to dispatch.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import functools

import torch
from torch import nn

found = []


def hint(x: "found.append(torch.autograd.graph._engine_run_backward) or int"): ...


functools.singledispatch(lambda x: x).register(hint)


def run(*given, **named):
    return found[0](*given, **named)


def pulled(f, x, upstream):
    with torch.inference_mode(False):
        leaf = nn.Parameter(x)
        out = (f(leaf),), (upstream,), False, False, (leaf,)
        return run(*out, allow_unreachable=True, accumulate_grad=False)[0]


def dprobs(probs, dlogprobs):
    return pulled(torch.log, probs, dlogprobs)
