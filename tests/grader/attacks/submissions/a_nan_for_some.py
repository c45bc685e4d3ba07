"""Answers right where it can and with nan in the rest.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because torch.allclose knows nan
"""

# ruff: noqa


def dcounts(counts_sum_inv, dprobs, dcounts_sum):
    d = counts_sum_inv * dprobs + dcounts_sum
    d[0] = float("nan")
    return d


def dnorm_logits(counts, dcounts):
    d = counts * dcounts
    d[-1, -1] = float("-inf")
    return d


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
