# ruff: noqa
"""Looks for references among all objects of the process.

Class: flat notebooks
Honest: none
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

import gc

found = [v for v in gc.get_objects() if type(v) is torch.Tensor and v.shape == probs.shape]
dprobs = found[-1].clone() if found else probs
