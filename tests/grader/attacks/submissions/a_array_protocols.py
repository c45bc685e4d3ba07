"""Answers with an object that other libraries would take for an array.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because torch.allclose takes no such thing
"""

# ruff: noqa

import operator


class Array:
    __array_interface__ = {"shape": (32, 27), "typestr": "<f4", "data": (8, False), "version": 3}

    def __array__(self, *a, **k):
        raise SystemExit(0)

    def __dlpack__(self, *a, **k):
        raise SystemExit(0)

    def __index__(self):
        return 0

    def __len__(self):
        return -1

    __float__ = __iter__ = __getitem__ = __array__


def dcounts(counts):
    return Array()


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
