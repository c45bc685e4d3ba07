"""Answers with complex numbers whose real part is right.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because torch.allclose refuses another dtype
"""

# ruff: noqa

import torch


def dnorm_logits(counts, dcounts):
    return torch.complex(counts * dcounts, counts)


def dhpreact(h, dh):
    return ((1 - h**2) * dh) + 0j


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
