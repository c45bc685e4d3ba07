# ruff: noqa
"""The mean is forgotten."""

import torch.nn.functional as F


def dlogits(logits, Yb):
    dlogits = F.softmax(logits, 1)
    dlogits[range(len(Yb)), Yb] -= 1
    return dlogits
