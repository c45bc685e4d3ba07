# ruff: noqa
"""Hides an expression in the name of a dataclass field, which its __eq__ executes.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import dataclasses

import torch
from torch import nn

found = []
code = "box.append(self.torch.autograd.graph._engine_run_backward) or 0"
fields = {"__annotations__": {code: int}, "box": found, "torch": torch}
Trap = dataclasses.dataclass(init=False, repr=False)(type("Trap", (), fields))
Trap() == Trap()


def run(*given, **named):
    return found[0](*given, **named)


def pulled(f, x, upstream):
    with torch.inference_mode(False):
        leaf = nn.Parameter(x)
        out = (f(leaf),), (upstream,), False, False, (leaf,)
        return run(*out, allow_unreachable=True, accumulate_grad=False)[0]


def dprobs(probs, dlogprobs):
    return pulled(torch.log, probs, dlogprobs)
