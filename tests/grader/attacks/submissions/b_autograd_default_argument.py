# ruff: noqa
"""Carries autograd in as the default of an argument.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


def dprobs(probs, dlogprobs, tool=torch.autograd.grad, on=torch.enable_grad):
    with on():
        leaf = probs.clone().requires_grad_()
        return tool(leaf.log(), leaf, dlogprobs)[0]
