"""Replaces the builtins that a comparison may go through.

Class: patched comparison
Honest: ex1.dprobs
Beats: nothing, because it calls none of them on its way to a verdict
"""

# ruff: noqa

import builtins

import torch


def dcounts(counts):
    builtins.all = builtins.any = builtins.isinstance = lambda *a: True
    builtins.abs = builtins.max = builtins.float = lambda *a: 0.0
    builtins.type = lambda x: torch.Tensor
    return torch.zeros_like(counts)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
