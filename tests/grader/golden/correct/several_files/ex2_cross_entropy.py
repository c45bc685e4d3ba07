# ruff: noqa
"""Exercise 2, with functions of a file beside it."""

from torch.nn.functional import softmax

from shared import labels_like


def dlogits(logits, Yb):
    return (softmax(logits, 1) - labels_like(logits, Yb)) / len(Yb)
