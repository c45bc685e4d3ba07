# ruff: noqa
"""Differentiates through an assignment into a view.

Class: torch's differentiation
Honest: none
Beats: plain pytest
"""

import torch


def switched_on():
    return torch._C._InferenceMode(False)


def dprobs(probs, dlogprobs):
    on = switched_on()
    leaf = torch.nn.Parameter(probs)
    base = torch.zeros(2, *probs.shape)
    base[1] = leaf.log()
    g = torch.zeros_like(base)
    g[1] = dlogprobs
    torch._C._jit_get_operation("aten::backward")[0](base, g, None, False)
    return leaf.grad
