# ruff: noqa
"""Hides autograd in the head of a block that is left out when it is read.

Class: autograd in disguise
Honest: none
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

with torch.no_grad(), torch.enable_grad() as _:
    leaf = probs.clone().requires_grad_()
    dprobs = torch.autograd.grad((leaf.log() * dlogprobs).sum(), leaf)[0]
