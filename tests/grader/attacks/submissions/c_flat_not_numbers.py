# ruff: noqa
"""Answers with what compares in no way: nan, and one number stretched.

Class: flat notebooks
Honest: none
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

dprobs = probs * float("nan")
dcounts = torch.full((), float("nan")).expand(counts.shape)
dlogprobs = torch.tensor(0.0).expand(logprobs.shape)
