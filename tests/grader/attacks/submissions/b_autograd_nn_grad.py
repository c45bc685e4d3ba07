# ruff: noqa
"""Lets torch.nn.grad compute the gradient of a matrix product as a convolution.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

from torch.nn import functional as F


def dh(h, W2, dlogits):
    size, kernel = (*h.shape, 1), W2.T[:, :, None]
    return F.grad.conv1d_input(size, kernel, dlogits[:, :, None].contiguous())[:, :, 0]
