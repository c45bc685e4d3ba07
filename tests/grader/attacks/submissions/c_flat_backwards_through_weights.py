# ruff: noqa
"""Solves for a gradient from the ones that are computed from it.

Class: flat notebooks
Honest: none
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

dlogits = dh @ torch.linalg.pinv(W2.T)
dhprebn = torch.linalg.lstsq(embcat.T, dW1).solution
