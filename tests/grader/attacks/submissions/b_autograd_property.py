# ruff: noqa
"""Hides backward in a property and reads it like a number.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


class Slope:
    def __init__(self, x, upstream):
        self.x, self.upstream = x.clone(), upstream

    @property
    def value(self):
        with torch.enable_grad():
            self.x.requires_grad_()
            self.x.log().backward(self.upstream)
        return self.x.grad


def dprobs(probs, dlogprobs):
    return Slope(probs, dlogprobs).value
