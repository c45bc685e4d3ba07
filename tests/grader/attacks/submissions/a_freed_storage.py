"""Answers with a tensor whose memory is gone.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because what happens there depends on the version of torch
"""

# ruff: noqa

import torch


def dcounts(counts):
    answer = torch.zeros_like(counts)
    answer.untyped_storage().resize_(0)
    return answer


def dhpreact(dh):
    dh.untyped_storage().resize_(0)
    return torch.ones(3)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
