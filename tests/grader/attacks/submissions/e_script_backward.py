# ruff: noqa
"""Writes the call of backward in TorchScript.

Class: torch's differentiation
Honest: none
Beats: plain pytest
"""

import torch

unit = torch.jit.CompilationUnit(
    ("def f(x, g):\n    torch.log(x).backward(g)\n    return x.grad\n")
)


def dprobs(probs, dlogprobs):
    on = torch._C._InferenceMode(False)
    return unit.f(torch.nn.Parameter(probs), dlogprobs)
