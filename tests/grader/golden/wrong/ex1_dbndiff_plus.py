# ruff: noqa
"""`2 * bndiff + dbndiff2` for the product."""


def dbndiff(bndiff, bnvar_inv, dbnraw, dbndiff2):
    dbndiff = bnvar_inv * dbnraw
    dbndiff += 2 * bndiff + dbndiff2
    return dbndiff
