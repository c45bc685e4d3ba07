# ruff: noqa
"""One-hot vectors: the labels, the maximum, and the embedding table as a linear layer."""

import torch
from torch.nn.functional import one_hot


def dlogprobs(logprobs, Yb):
    n, vocab = logprobs.shape
    return -one_hot(Yb, vocab).to(logprobs.dtype) / n


def dlogits(logits, dnorm_logits, dlogit_maxes):
    hot = one_hot(torch.argmax(logits, dim=1), num_classes=logits.shape[-1])
    return dnorm_logits + dlogit_maxes * hot.float()


def db2(dlogits, n):
    return torch.ones(n) @ dlogits


def dC(C, Xb, demb):
    hot = one_hot(Xb, num_classes=C.shape[0]).float()
    hot = hot.view(-1, C.shape[0])
    return hot.T @ demb.reshape(-1, demb.shape[2])
