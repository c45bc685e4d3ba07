# ruff: noqa
"""Answers with the name of the answer, in both of its spellings.

Class: flat notebooks
Honest: none
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

dprobs = dprobs
dcounts = d_counts
dh = dh * 1
d_bnraw = dbnraw.clone()
