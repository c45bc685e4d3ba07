"""Returns an object that copies what it is compared with, and then compares as equal.

Class: hostile return values
Honest: ex1.dprobs
Beats: plain pytest
"""

# ruff: noqa

import torch


class Thief(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        with torch._C.DisableTorchFunctionSubclass():
            plain = [a.as_subclass(torch.Tensor) for a in args[:2] if isinstance(a, torch.Tensor)]
            if len(plain) == 2 and plain[0].shape == plain[1].shape:
                plain[0].data.copy_(plain[1])
            return function(*args, **(kwargs or {}))


def dcounts(counts):
    return torch.zeros_like(counts).as_subclass(Thief)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
