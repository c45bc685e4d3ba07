# ruff: noqa
"""Answers with lists of millions and with texts of megabytes.

Class: resource exhaustion
Honest: ex1.dnorm_logits
Beats: nothing, because it fails there as well, and alone
"""

import torch


def dprobs(probs, dlogprobs):
    return [probs] * 1_000_000


def dcounts_sum(counts_sum, dcounts_sum_inv):
    return type("N" * 10_000_000, (), {})()


def sample(count):
    return ["x" * 10_000_000] * 100


def calibrate_batchnorm(X):
    return tuple(torch.zeros(1 << 20) for _ in range(2))


def dnorm_logits(counts, dcounts):
    return counts * dcounts
