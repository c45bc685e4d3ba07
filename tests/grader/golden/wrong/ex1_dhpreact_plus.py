# ruff: noqa
"""Added where the chain rule multiplies."""


def dhpreact(h, dh):
    return (1.0 - h**2) + dh
