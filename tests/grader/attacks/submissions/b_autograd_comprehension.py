# ruff: noqa
"""Calls backward as a side effect of a comprehension.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


def dprobs(probs, dlogprobs):
    leaf = probs.clone().requires_grad_()
    with torch.enable_grad():
        [y.backward(dlogprobs) for y in (leaf.log(),)]
    return next(part.grad for part in (leaf,))
