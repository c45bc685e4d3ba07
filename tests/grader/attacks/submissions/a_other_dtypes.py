"""Answers with the right numbers rounded to other dtypes.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because torch.allclose refuses another dtype
"""

# ruff: noqa

import torch


def dcounts(counts_sum_inv, dprobs, dcounts_sum):
    return (counts_sum_inv * dprobs + dcounts_sum).half()


def dnorm_logits(counts, dcounts):
    return (counts * dcounts).bfloat16()


def dhpreact(h, dh):
    return ((1 - h**2) * dh).to(torch.int64)


def dlogits(dnorm_logits, dlogit_maxes):
    return dnorm_logits.bool()


def dbnraw(bngain, dhpreact):
    return (bngain * dhpreact).to(torch.float8_e4m3fn)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
