# ruff: noqa
"""The exponent moves the wrong way."""


def dbnvar(bnvar, dbnvar_inv):
    return -0.5 * (bnvar + 1e-5) ** 0.5 * dbnvar_inv
