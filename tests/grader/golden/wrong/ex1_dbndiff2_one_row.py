# ruff: noqa
"""A row for all examples: not even the number of entries is right."""


def dbndiff2(bndiff2, dbnvar):
    return 1.0 / (bndiff2.shape[0] - 1) * dbnvar
