# ruff: noqa
"""Has an endless loop in a helper of one answer; the other is asked.

Class: flat notebooks
Honest: ex1.dprobs
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

k = 0
while True:
    k += 1
dnorm_logits = counts * dcounts * k
# %%
dprobs = dlogprobs / probs
