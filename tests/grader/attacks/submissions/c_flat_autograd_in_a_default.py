# ruff: noqa
"""Runs autograd where the default of a helper is made.

Class: autograd in disguise
Honest: none
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F


def helper(x, grad=torch.autograd.grad):
    leaf = x.clone().requires_grad_()
    return grad((leaf.log() * dlogprobs).sum(), leaf)[0]


dprobs = helper(probs)
