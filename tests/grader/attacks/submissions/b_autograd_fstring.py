# ruff: noqa
"""Assembles the name of autograd in an f-string.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


def dprobs(probs, dlogprobs):
    part = "grad"
    with torch.inference_mode(False):
        leaf = torch.nn.Parameter(probs)
        return eval(f"torch.auto{part}.{part}(leaf.log(), leaf, dlogprobs)[0]")
