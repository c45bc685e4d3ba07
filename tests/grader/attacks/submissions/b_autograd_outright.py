# ruff: noqa
"""Calls torch.autograd.grad outright.

Class: autograd in disguise
Honest: ex1.db2
Beats: plain pytest
"""

import torch


def dprobs(probs, dlogprobs):
    with torch.enable_grad():
        leaf = probs.clone().requires_grad_()
        return torch.autograd.grad(leaf.log(), leaf, dlogprobs)[0]


def db2(dlogits):
    return dlogits.sum(0)
