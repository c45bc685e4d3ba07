# ruff: noqa
"""Summed before the product."""


def dcounts_sum_inv(counts, dprobs):
    return dprobs.sum(1, keepdim=True) * counts.sum(1, keepdim=True)
