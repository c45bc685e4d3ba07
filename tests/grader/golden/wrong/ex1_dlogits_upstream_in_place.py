# ruff: noqa
"""The upstream gradient is overwritten for want of a clone."""

import torch.nn.functional as F


def dlogits(logits, dnorm_logits, dlogit_maxes):
    dlogits = dnorm_logits
    dlogits += F.one_hot(logits.max(1).indices, num_classes=logits.shape[1]) * dlogit_maxes
    return dlogits
