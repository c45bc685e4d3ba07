"""Biases and gains without a row of their own, or with one too many: what broadcasting forgives."""


def db2(dlogits):
    """One row too many."""
    return dlogits.sum(0, keepdim=True)


def dbngain(bnraw, dhpreact):
    """The row is lost."""
    return (bnraw * dhpreact).sum(0)


def dbnbias(dhpreact):
    """The row is lost."""
    return dhpreact.sum(0)


def dbnvar_inv(bndiff, dbnraw):
    """The row is lost."""
    return (bndiff * dbnraw).sum(0)


def dbnmeani(dbndiff):
    """The row is lost."""
    return (-dbndiff).sum(0)


def db1(dhprebn):
    """One row too many."""
    return dhprebn.sum(0, keepdim=True)
