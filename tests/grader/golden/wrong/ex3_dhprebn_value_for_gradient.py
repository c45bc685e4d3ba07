# ruff: noqa
"""`bnraw * hpreact` for `bnraw * dhpreact`."""


def dhprebn(hpreact, dhpreact, bngain, bnraw, bnvar_inv, n):
    along = n / (n - 1) * bnraw * (bnraw * hpreact).sum(0)
    return bngain * bnvar_inv / n * (n * dhpreact - dhpreact.sum(0) - along)
