"""Reads the questions that wait behind its own and throws them away, so that others wait for ever.

Class: forged frames
Honest: ex1.dlogprobs, ex1.dnorm_logits
Beats: nothing, because it has no wire
"""

# ruff: noqa

import os
import select

import torch


def dlogprobs(logprobs, Yb, dloss):
    out = torch.zeros_like(logprobs)
    out[range(len(Yb)), Yb] = -dloss / len(Yb)
    return out


def dcounts(counts_sum_inv, dprobs, dcounts_sum):
    while select.select([3], [], [], 0.05)[0] and os.read(3, 1 << 20):
        pass
    return counts_sum_inv * dprobs + dcounts_sum


def dnorm_logits(counts, dcounts):
    return counts * dcounts
