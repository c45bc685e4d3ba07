"""Returns an object whose class compares as equal to every other class.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because it does not ask for the class of an answer
"""

# ruff: noqa

import torch


class Meta(type):
    def __eq__(cls, other):
        return True

    __hash__ = type.__hash__

    def __instancecheck__(cls, thing):
        return True


class Same(metaclass=Meta):
    layout, is_quantized, shape = torch.strided, False, (1,)
    __class__ = torch.Tensor

    def __getattr__(self, name):
        return lambda *a: self


def dcounts(counts):
    return Same()


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
