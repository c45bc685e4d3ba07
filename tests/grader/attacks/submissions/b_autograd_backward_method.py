# ruff: noqa
"""Calls backward and reads .grad, the way the lecture starts.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


def dhpreact(hpreact, dh):
    leaf = hpreact.clone()
    with torch.set_grad_enabled(True):
        leaf.requires_grad = True
        torch.tanh(leaf).backward(dh)
    return leaf.grad
