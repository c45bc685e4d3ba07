# ruff: noqa
"""Without n / (n - 1)."""


def dhprebn(dhpreact, bngain, bnraw, bnvar_inv, n):
    along = bnraw * (bnraw * dhpreact).sum(0)
    return bngain * bnvar_inv / n * (n * dhpreact - dhpreact.sum(0) - along)
