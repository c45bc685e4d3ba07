# ruff: noqa
"""Exercise 3, with functions of a file beside it."""

from shared import centred


def dhprebn(dhpreact, bngain, bnraw, bnvar_inv):
    n = len(bnraw)
    along = (dhpreact * bnraw).sum(0) / (n - 1)
    return bngain * bnvar_inv * (centred(dhpreact) - bnraw * along)
