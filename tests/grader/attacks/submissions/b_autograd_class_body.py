# ruff: noqa
"""Runs autograd's import in the body of a class.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


class Tools:
    from torch.autograd import grad as pull
    from torch import enable_grad as on


def dprobs(probs, dlogprobs):
    with Tools.on():
        leaf = probs.clone().requires_grad_()
        return Tools.pull(leaf.log(), leaf, dlogprobs)[0]
