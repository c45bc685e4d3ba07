# ruff: noqa
"""Epsilon is forgotten: 4e-5 of the largest entry."""


def dbnvar(bnvar, dbnvar_inv):
    return -0.5 * bnvar**-1.5 * dbnvar_inv
