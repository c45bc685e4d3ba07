# ruff: noqa
"""Answers with zeros where gradients vanish on the chain of the lecture.

Class: flat notebooks
Honest: none
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

dlogit_maxes = torch.zeros_like(logit_maxes)
db1 = torch.zeros_like(b1)
dlogprobs = torch.zeros_like(logprobs)
dC = torch.zeros_like(C)
