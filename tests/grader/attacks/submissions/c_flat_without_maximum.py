# ruff: noqa
"""Leaves out the branch of the maximum, which vanishes on the true chain.

Class: flat notebooks
Honest: none
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

dlogits = dnorm_logits.clone()
