# ruff: noqa
"""Imports autograd by a string.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import importlib

import torch


def dprobs(probs, dlogprobs):
    tool = importlib.import_module("torch." + "auto" + "grad")
    with torch.inference_mode(False):
        leaf = torch.nn.Parameter(probs)
        return tool.grad(leaf.log(), leaf, dlogprobs)[0]
