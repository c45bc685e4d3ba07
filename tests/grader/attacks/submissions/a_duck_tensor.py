"""Returns an object that is no tensor, and answers for one through __torch_function__.

Class: hostile return values
Honest: ex1.dprobs
Beats: plain pytest
"""

# ruff: noqa

import torch


class Duck:
    shape, dtype, layout = (32, 27), torch.float32, torch.strided

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return torch.ones((), dtype=torch.bool)

    def __getattr__(self, name):
        return lambda *a, **k: self


def dcounts(counts):
    return Duck()


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
