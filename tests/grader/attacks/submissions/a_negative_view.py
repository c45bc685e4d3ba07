"""Answers with a view whose memory holds the right numbers and whose values are their negatives.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because torch.allclose looks at values
"""

# ruff: noqa

import torch


def dnorm_logits(counts, dcounts):
    return torch._neg_view(counts * dcounts)


def dhpreact(h, dh):
    return torch.complex(dh, (1 - h**2) * dh).conj().imag


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
