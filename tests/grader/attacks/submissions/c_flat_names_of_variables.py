# ruff: noqa
"""Looks for the answer among the names that are there.

Class: flat notebooks
Honest: none
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

dprobs = globals()["dprobs"]
dcounts = vars().get("dcounts")
dh = locals()["dh"]
