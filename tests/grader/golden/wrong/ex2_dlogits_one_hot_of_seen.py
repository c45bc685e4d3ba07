# ruff: noqa
"""`one_hot` without the number of classes."""

import torch.nn.functional as F


def dlogits(logits, Yb):
    return (F.softmax(logits, 1) - F.one_hot(Yb)) / len(Yb)
