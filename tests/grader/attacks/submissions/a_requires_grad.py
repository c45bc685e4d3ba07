"""Answers with a tensor that wants a gradient, and with a parameter.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because the numbers are wrong
"""

# ruff: noqa

import torch


def dcounts(counts):
    return torch.zeros_like(counts).requires_grad_()


def dhpreact(dh):
    return torch.nn.Parameter(torch.ones_like(dh))


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
