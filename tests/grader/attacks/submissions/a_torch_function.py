"""Returns a subclass of Tensor whose every comparison says yes.

Class: hostile return values
Honest: ex1.dprobs
Beats: plain pytest
"""

# ruff: noqa

import torch


class Right(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return torch.ones((), dtype=torch.bool)


def dcounts(counts):
    return torch.zeros_like(counts).as_subclass(Right)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
