# ruff: noqa
"""Overwrites what is given in a helper of the answer.

Class: flat notebooks
Honest: ex1.dprobs
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

probs = torch.ones_like(probs) * 3
half = probs * 0
dlogprobs = torch.ones_like(logprobs) * 5
# %%
dprobs = dlogprobs / probs
