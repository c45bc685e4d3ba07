"""Answers with a tensor on which the methods of the worker are its own.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because it does not call them
"""

# ruff: noqa

import torch


def dcounts(counts_sum_inv, dprobs):
    answer = torch.zeros_like(dprobs)
    answer.detach = answer.contiguous = answer.resolve_neg = lambda: 1 / 0
    answer.numel = answer.element_size = lambda: 0
    answer.data_ptr = lambda: 8
    return answer


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
