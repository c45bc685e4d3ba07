# ruff: noqa
"""Asks the loop for more steps than it is given.

Class: training
Honest: none
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

lr = 0.1
for i in range(200000):
    for _ in range(1000):
        ix = torch.randint(0, X.shape[0], (32,))
    break
