# ruff: noqa
"""Returns a tensor that is tiny in memory and huge when it is spelled out.

Class: resource exhaustion
Honest: ex1.dnorm_logits
Beats: nothing, because it fails there as well, and alone
"""

import torch


def dprobs(probs, dlogprobs):
    return torch.zeros(1).expand(1 << 40)


def dcounts_sum(counts_sum, dcounts_sum_inv):
    return torch.empty(0, 1 << 62)


def dnorm_logits(counts, dcounts):
    return counts * dcounts
