# ruff: noqa
"""Finds the operators in the module that makes them.

Class: torch's differentiation
Honest: none
Beats: plain pytest
"""

import torch
import torch._ops

ops = torch._ops.ops


def dhpreact(h, dh):
    return ops.aten.tanh_backward.default(dh, h)
