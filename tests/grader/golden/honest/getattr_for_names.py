# Answers: ex1.db2 ex1.dhpreact

import torch


def db2(dlogits):
    reduce = getattr(torch, "sum")
    return reduce(dlogits, 0)


def dhpreact(hpreact, dh):
    activation = "tanh"
    y = getattr(torch, activation)(hpreact)
    if hasattr(y, "shape"):
        setattr(db2, "seen", True)
    return (1 - y * y) * dh
