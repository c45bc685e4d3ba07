# ruff: noqa
"""Finds autograd in the dictionary of the module.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


def dprobs(probs, dlogprobs):
    tool = vars(torch)["auto" + "grad"].__dict__
    with torch.__dict__["enable_" + "grad"]():
        leaf = vars(torch.Tensor)["clone"](probs) if "clone" in vars(torch.Tensor) else probs.clone()
        torch.Tensor.__dict__["requires_grad_"](leaf)
        return tool["gr" + "ad"](leaf.log(), leaf, dlogprobs)[0]
