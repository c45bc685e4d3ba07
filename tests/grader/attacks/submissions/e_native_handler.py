# ruff: noqa
"""Installs a C function as handler of the signals, which would jump away.

Class: torch's differentiation
Honest: none
Beats: plain pytest
"""

import ctypes

import torch

libc = ctypes.CDLL(None)
libc.signal.argtypes = [ctypes.c_int, ctypes.c_void_p]
away = ctypes.cast(libc.sched_yield, ctypes.c_void_p)
for number in (4, 5, 7, 11):
    libc.signal(number, away)


def dhpreact(h, dh):
    return torch._C._jit_get_operation("aten::tanh_backward")[0](dh, h)
