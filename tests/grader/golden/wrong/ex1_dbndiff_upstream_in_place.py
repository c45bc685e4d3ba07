# ruff: noqa
"""The upstream gradient is overwritten for want of a clone."""


def dbndiff(bndiff, bnvar_inv, dbnraw, dbndiff2):
    dbndiff = dbnraw
    dbndiff *= bnvar_inv
    dbndiff += 2 * bndiff * dbndiff2
    return dbndiff
