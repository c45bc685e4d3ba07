# ruff: noqa
"""`one_hot` without the number of classes."""

import torch.nn.functional as F


def dlogprobs(Yb, n):
    return -F.one_hot(Yb).float() / n
