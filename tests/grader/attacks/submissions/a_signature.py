"""Is a callable whose signature, code and name are not what they seem.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because it asks for a signature by inspect, which takes the lie
"""

# ruff: noqa

import torch


class Function:
    __name__, __code__, __wrapped__ = "dcounts", None, None
    __signature__ = "counts"

    def __call__(self, *given, **more):
        return torch.zeros(1)

    def __getattr__(self, name):
        raise SystemExit(0)


def dcounts(counts):
    return counts


dcounts = Function()


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
