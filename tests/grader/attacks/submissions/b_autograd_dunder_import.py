# ruff: noqa
"""Imports autograd with __import__ and a built string.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


def dprobs(probs, dlogprobs):
    tool = __import__("torch." + "auto" + "grad", fromlist=["x"])
    with torch.inference_mode(False):
        leaf = torch.nn.Parameter(probs)
        return tool.grad(leaf.log(), leaf, dlogprobs)[0]
