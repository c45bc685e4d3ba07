# ruff: noqa
"""The upstream gradient is overwritten for want of a clone."""


def dhprebn(dbndiff, dbnmeani, n):
    dhprebn = dbndiff
    dhprebn += dbnmeani / n
    return dhprebn
