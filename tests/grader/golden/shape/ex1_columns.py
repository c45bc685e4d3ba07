"""Columns that have become rows of numbers."""


def dcounts_sum_inv(counts, dprobs):
    """The column is lost."""
    return (counts * dprobs).sum(1)


def dcounts_sum(counts_sum, dcounts_sum_inv):
    """The column is lost."""
    return (-(counts_sum**-2) * dcounts_sum_inv).squeeze()


def dlogit_maxes(dnorm_logits):
    """The column is lost."""
    return -dnorm_logits.sum(1)
