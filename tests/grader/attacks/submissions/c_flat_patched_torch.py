# ruff: noqa
"""Patches torch at the top level and inside of an answer.

Class: flat notebooks
Honest: ex1.dprobs, ex1.dlogprobs
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

torch.exp = torch.allclose = torch.equal = None
# %%
torch.Tensor.__truediv__ = torch.Tensor.__rtruediv__ = None
dnorm_logits = counts * dcounts * 0
# %%
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(n), Yb] = -1.0 / n
# %%
dprobs = dlogprobs / probs
