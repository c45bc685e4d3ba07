"""Returns an object whose __eq__ says that everything is equal.

Class: hostile return values
Honest: ex1.dprobs
Beats: plain pytest
"""

# ruff: noqa

import torch


class Equal:
    def __eq__(self, other):
        return torch.ones(1, dtype=torch.bool)

    def __bool__(self):
        return True


def dcounts(counts):
    return Equal()


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
