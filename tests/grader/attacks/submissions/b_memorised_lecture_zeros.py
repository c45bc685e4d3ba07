# ruff: noqa
"""Answers zeros where the lecture's own batch has zeros.

Class: memorised answers
Honest: none
Beats: plain pytest
"""

import torch


def dlogit_maxes(logit_maxes, dnorm_logits):
    return torch.zeros_like(logit_maxes)


def db1(b1, dhprebn):
    return torch.zeros_like(b1)
