# ruff: noqa
"""Builds the names of autograd from pieces and reaches them with getattr.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


def dprobs(probs, dlogprobs):
    tool = getattr(torch, "auto" + "grad")
    with getattr(torch, "_".join(("enable", "grad")))():
        leaf = getattr(probs.clone(), "requires_" + "grad_")()
        return getattr(tool, "gr" + "ad")(leaf.log(), leaf, dlogprobs)[0]
