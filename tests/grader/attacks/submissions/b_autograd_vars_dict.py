# ruff: noqa
"""Finds autograd in the dictionary of the module.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch
from torch import nn


def dprobs(probs, dlogprobs):
    tool = vars(torch)["auto" + "grad"].__dict__
    with torch.__dict__["inference_mode"](False):
        leaf = nn.Parameter(probs)
        return tool["gr" + "ad"](leaf.log(), leaf, dlogprobs)[0]
