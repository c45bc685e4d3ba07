# ruff: noqa
"""The minus of the mean is counted twice."""


def dhprebn(dbndiff, dbnmeani, n):
    return dbndiff - dbnmeani / n
