# ruff: noqa
"""Asks for gradients with a keyword in place of an attribute.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


def dprobs(probs, dlogprobs):
    with torch.inference_mode(False):
        leaf = torch.tensor(probs.tolist(), dtype=probs.dtype, requires_grad=True)
        leaf.log().backward(dlogprobs)
        return leaf.grad.clone()
