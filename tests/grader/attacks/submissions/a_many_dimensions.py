"""Answers with the right numbers in twenty dimensions, and with none in a very long shape.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because torch.allclose broadcasts the first, and its numbers are right
"""

# ruff: noqa

import torch


def dnorm_logits(counts, dcounts):
    return (counts * dcounts)[(None,) * 18]


def dcounts(counts):
    return torch.zeros(0, 1 << 62)


def dhpreact(dh):
    return torch.zeros(1 << 31, 0, 1 << 31)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
