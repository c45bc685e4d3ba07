"""Answers with a quantized tensor, and with one that has no memory at all.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because torch.allclose does not take them
"""

# ruff: noqa

import torch


def dcounts(counts):
    return torch.quantize_per_tensor(counts, 0.1, 0, torch.qint8)


def dhpreact(dh):
    return torch.empty(dh.shape, device="meta")


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
