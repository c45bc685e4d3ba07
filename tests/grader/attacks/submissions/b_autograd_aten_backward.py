# ruff: noqa
"""Calls the kernels that autograd itself would call.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


def dhpreact(h, dh):
    return torch.ops.aten.tanh_backward(dh, h)


def dC(C, Xb, demb):
    return torch.ops.aten.embedding_dense_backward(demb, Xb, C.shape[0], -1, False)
