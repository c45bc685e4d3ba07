# ruff: noqa
"""`dcounts = counts` is no copy."""


def dcounts(counts, counts_sum_inv, dprobs, dcounts_sum):
    dcounts = counts
    dcounts *= 0.0
    dcounts += counts_sum_inv * dprobs
    dcounts += dcounts_sum
    return dcounts
