# ruff: noqa
"""Asks autograd in a cell of its own, under another name.

Class: autograd in disguise
Honest: none
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

leaf = probs.clone().requires_grad_()
with torch.enable_grad():
    out = (leaf.log() * dlogprobs).sum()
    out.backward()
dprobs = leaf.grad
