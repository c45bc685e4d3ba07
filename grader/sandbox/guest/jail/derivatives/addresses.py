"""Calls of what torch's library exports, by its address: no name of Python is on the way."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def place(tensor: Tensor) -> ctypes.c_void_p:
    """Return the address of the C++ tensor in a tensor of Python."""
    cdata: int = tensor._cdata
    for offset in (16, 24, 32):
        if ctypes.c_uint64.from_address(id(tensor) + offset).value == cdata:
            return ctypes.c_void_p(id(tensor) + offset)
    raise NotImplementedError("another layout of tensors")


def library() -> Any:
    """Return the library of the kernels, which is loaded already."""
    try:
        return ctypes.CDLL("libtorch_cpu.so")
    except OSError:
        raise NotImplementedError("another name of the library") from None


def exported(g: Tensor, y: Tensor) -> Tensor:
    """Call an exported C++ function by its address."""
    try:
        call = library()["_ZN2at4_ops24tanh_backward_grad_input4callERKNS_6TensorES4_RS2_"]
    except AttributeError:
        raise NotImplementedError("another name of the function") from None
    result = torch.empty(3, 4)
    call.restype = ctypes.c_void_p
    call(place(g), place(y), place(result))
    return result


STUB = (
    "_ZN2at6native12DispatchStubIPFvRKNS_6TensorES4_S4_ENS0_{}softmax_backward_lastdim_kernel"
    "_DECLARE_DISPATCH_typeEE7DEFAULTE"
)


def behind_a_stub(prefix: str) -> Callable[[Tensor, Tensor], Tensor]:
    """Return what calls a kernel that is not exported, by the pointer to it, which is."""

    def call(g: Tensor, y: Tensor) -> Tensor:
        try:
            pointer = ctypes.c_void_p.in_dll(library(), STUB.format(prefix))
        except ValueError:
            raise NotImplementedError("another name of the pointer") from None
        result = torch.empty(3, 4)
        function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3)(pointer.value or 0)
        function(place(result), place(g), place(y))
        return result

    return call
