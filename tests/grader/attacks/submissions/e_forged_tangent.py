# ruff: noqa
"""Forges the table of methods of a tensor, so that `log_` finds a tangent and carries it along.

Class: torch's differentiation
Honest: none
Beats: nothing, because the slope that it gets is zero where no level of forward mode is entered
"""

import ctypes

import torch

lib = ctypes.CDLL("libtorch_cpu.so")
real = ctypes.addressof(ctypes.c_char.in_dll(lib, "_ZTVN5torch8autograd12AutogradMetaE"))
SET, REQUIRES, MUTABLE, GRAD, TANGENT, SET_TANGENT = range(6)
table = (ctypes.c_uint64 * 16).from_buffer_copy(ctypes.string_at(real, 128))
table[2 + TANGENT] = table[2 + GRAD]
# What computes the slope sets tangents of its own: nothing is to come of them.
page = ctypes.c_void_p(real & -4096)
ctypes.CDLL(None).mprotect(page, ctypes.c_size_t(8192), 3)
for base in (real, ctypes.addressof(table)):
    ctypes.c_uint64.from_address(base + 8 * (2 + SET_TANGENT)).value = table[2 + REQUIRES]


def dprobs(probs, dlogprobs):
    t = probs.clone()
    t.grad = dlogprobs.clone()
    meta = ctypes.c_uint64.from_address(t._cdata + 24).value
    ctypes.c_uint64.from_address(meta).value = ctypes.addressof(table) + 16
    t.log_()
    ctypes.c_uint64.from_address(meta).value = real + 16
    return t.grad
