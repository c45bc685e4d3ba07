# ruff: noqa
"""Enables the handlers of Python and of torch for fatal signals, with a stack of their own.

Class: torch's differentiation
Honest: none
Beats: plain pytest
"""

import faulthandler

import torch

try:
    faulthandler.enable()
    torch._C._set_print_stack_traces_on_fatal_signal(True)
except Exception:
    pass


def dhpreact(h, dh):
    return torch._C._jit_get_operation("aten::tanh_backward")[0](dh, h)
