# ruff: noqa
"""Switches gradients on by every mode there is, in the hope that one was forgotten.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import contextlib

import torch
from torch import nn


def dprobs(probs, dlogprobs):
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.autograd.grad_mode.set_grad_enabled(True))
        leaf = nn.Parameter(probs)
        leaf.log().backward(dlogprobs)
        return leaf.grad
