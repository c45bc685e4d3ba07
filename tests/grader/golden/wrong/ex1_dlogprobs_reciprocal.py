# ruff: noqa
"""The slope of the logarithm, one line too early."""


def dlogprobs(logprobs):
    return 1.0 / logprobs
