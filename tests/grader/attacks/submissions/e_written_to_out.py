# ruff: noqa
"""Has the backward operator write into a tensor that is there already.

Class: torch's differentiation
Honest: none
Beats: plain pytest
"""

import torch
import torch._ops


def dhpreact(h, dh):
    out = torch.empty_like(h)
    torch._ops.ops.aten.tanh_backward.grad_input(dh, h, grad_input=out)
    return out
