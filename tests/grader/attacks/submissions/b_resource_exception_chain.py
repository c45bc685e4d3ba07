# ruff: noqa
"""Raises an exception with a thousand causes and a message of 100 MB.

Class: resource exhaustion
Honest: ex1.dnorm_logits
Beats: nothing, because it fails there as well, and alone
"""


def dprobs(probs, dlogprobs):
    error = ValueError("x" * 100_000_000)
    for number in range(1000):
        error, error.__cause__ = KeyError(number), error
    raise error


def dcounts_sum(counts_sum, dcounts_sum_inv):
    one, other = ValueError(1), ValueError(2)
    one.__cause__, other.__cause__ = other, one
    raise ExceptionGroup("all", [one] * 10_000)


def dnorm_logits(counts, dcounts):
    return counts * dcounts
