# ruff: noqa
"""Answers with objects that say that they are right.

Class: flat notebooks
Honest: none
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F


class Right(torch.Tensor):
    @classmethod
    def __torch_function__(cls, *args, **kwargs):
        return True

    def __eq__(self, other):
        return True


dprobs = probs.as_subclass(Right)
dcounts = Right()
