# ruff: noqa
"""Carries autograd in as the default of an argument.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


def pulled(x, upstream, tool=torch.autograd.grad, on=torch.enable_grad):
    with on():
        leaf = x.clone().requires_grad_()
        return tool(leaf.log(), leaf, upstream)[0]


def dprobs(probs, dlogprobs):
    return pulled(probs, dlogprobs)
