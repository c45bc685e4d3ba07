# ruff: noqa
"""Imports autograd under a name that says nothing.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

from torch import autograd as a


def dprobs(probs, dlogprobs):
    with a.enable_grad():
        leaf = probs.clone().requires_grad_()
        return a.grad(leaf.log(), leaf, dlogprobs)[0]
