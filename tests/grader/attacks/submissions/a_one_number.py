"""Answers with one number, in the hope that it is broadcast.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because the right answer is not one number
"""

# ruff: noqa

import torch


def dcounts(counts):
    return torch.zeros(1, 1)


def dbnraw(dhpreact):
    return dhpreact.mean()


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
