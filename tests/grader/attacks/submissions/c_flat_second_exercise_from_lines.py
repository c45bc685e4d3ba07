# ruff: noqa
"""Writes the last line of exercise 1 again, as exercise 2.

Class: flat notebooks
Honest: ex1.dlogits, ex1.dh
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

dlogits = dnorm_logits.clone()
dlogits[range(n), logits.max(1).indices] += dlogit_maxes.view(-1)
# %%
dh = dlogits @ W2.T
# %%
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.max(1).indices] += dlogit_maxes.view(-1)
