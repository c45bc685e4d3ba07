# ruff: noqa
"""Wraps a backward pass by autograd into a function that assigns several answers.

Class: autograd in disguise
Honest: none
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F


def backward(probs, counts):
    p = probs.clone().requires_grad_()
    first = torch.autograd.grad((p.log() * dlogprobs).sum(), p)[0]
    second = first * 2
    return first, second


dprobs, dcounts = backward(probs, counts)
