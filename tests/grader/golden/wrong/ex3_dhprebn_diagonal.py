# ruff: noqa
"""Only the diagonal of the Jacobian."""


def dhprebn(dhpreact, bngain, bnraw, bnvar_inv, n):
    return bngain * bnvar_inv / n * (n - 1 - n / (n - 1) * bnraw**2) * dhpreact
