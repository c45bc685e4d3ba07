# ruff: noqa
"""Lets a task of TorchScript differentiate.

Class: torch's differentiation
Honest: none
Beats: plain pytest
"""

import torch

unit = torch.jit.CompilationUnit("def f(g, y):\n    return torch.ops.aten.tanh_backward(g, y)\n")


def dhpreact(h, dh):
    return torch.jit.wait(torch.jit.fork(unit.f, dh, h))
