# ruff: noqa
"""Spreads sums over the batch to what they are sums of.

Class: flat notebooks
Honest: none
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

dhpreact = dbnbias.expand_as(hpreact) / n
dlogits = db2.expand_as(logits) / n
dbndiff = -dbnmeani.expand_as(bndiff) / n
