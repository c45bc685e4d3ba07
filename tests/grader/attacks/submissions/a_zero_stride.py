"""Answers with one number behind every entry, and with a view that overlaps itself.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because the right answer is not one number
"""

# ruff: noqa

import torch


def dcounts(counts):
    return torch.zeros(1).expand(counts.shape)


def dhpreact(dh):
    return dh.as_strided(dh.shape, (1, 1))


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
