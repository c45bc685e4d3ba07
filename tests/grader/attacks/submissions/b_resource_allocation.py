# ruff: noqa
"""Asks for 30 GiB at once.

Class: resource exhaustion
Honest: ex1.dnorm_logits
Beats: nothing, because it fails there as well, and alone
"""

import torch


def dprobs(probs, dlogprobs):
    return torch.ones(30 << 30, dtype=torch.uint8)


def dcounts_sum(counts_sum, dcounts_sum_inv):
    return bytearray(30 << 30)


def dnorm_logits(counts, dcounts):
    return counts * dcounts
