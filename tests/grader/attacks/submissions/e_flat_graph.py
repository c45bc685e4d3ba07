# ruff: noqa
"""Asks the node for the gradient in a cell of its own.

Class: torch's differentiation
Honest: none
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch

on = torch._C._InferenceMode(False)
leaf = torch.nn.Parameter(probs)
node = leaf.log().grad_fn
dprobs = node(dlogprobs)
