# ruff: noqa
"""Computes exercise 3 from gradients of exercise 1 that nobody has computed.

Class: flat notebooks
Honest: ex1.dhprebn
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

dhprebn = dbndiff.clone()
dhprebn += 1.0 / n * (torch.ones_like(hprebn) * dbnmeani)
# %%
dhprebn = bnvar_inv * dbnraw + 2 * bndiff * dbndiff2 + 0 * dhpreact
dhprebn = dhprebn - dhprebn.mean(0, keepdim=True)
