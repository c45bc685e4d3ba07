# ruff: noqa
"""Looks for references in the frames that call.

Class: flat notebooks
Honest: none
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

import sys

found = []
frame = sys._getframe()
while frame:
    found += [v for v in frame.f_locals.values() if isinstance(v, torch.Tensor)]
    found += [v for v in frame.f_globals.values() if isinstance(v, torch.Tensor)]
    frame = frame.f_back
right = [v for v in found if v.shape == probs.shape]
dprobs = right[-1] if right else probs
