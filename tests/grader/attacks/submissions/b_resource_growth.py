# ruff: noqa
"""Grows in small steps and catches what stops it.

Class: resource exhaustion
Honest: ex1.dnorm_logits
Beats: nothing, because what the others still find is a matter of the last megabyte
"""

import torch

kept = []


def dprobs(probs, dlogprobs):
    while len(kept) < 1000:
        try:
            kept.append(torch.ones(16 << 20, dtype=torch.uint8))
        except RuntimeError:
            kept.append(bytearray(1 << 20))
    return probs


def dnorm_logits(counts, dcounts):
    return counts * dcounts
