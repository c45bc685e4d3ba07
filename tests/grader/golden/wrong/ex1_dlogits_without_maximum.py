# ruff: noqa
"""The branch through the maximum is missing."""


def dlogits(dnorm_logits):
    return dnorm_logits.clone()
