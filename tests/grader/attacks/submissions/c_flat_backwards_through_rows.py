# ruff: noqa
"""Reads a gradient off the table that it was accumulated into.

Class: flat notebooks
Honest: none
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

demb = dC[Xb]
dembcat = demb.view(emb.shape[0], -1)
