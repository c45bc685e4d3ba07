# ruff: noqa
"""Evaluates, executes and compiles strings that hold autograd.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch

exec(compile("from torch import " + "auto" + "grad as tool", "tool", "exec"))


def dprobs(probs, dlogprobs):
    with torch.inference_mode(False):
        leaf = torch.nn.Parameter(probs)
        return eval("tool." + "grad(leaf.log(), leaf, dlogprobs)[0]")
