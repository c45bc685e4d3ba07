# ruff: noqa
"""Answers the lecture's batch from memory: its first label tells.

Class: memorised answers
Honest: none
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

known = {(8, 14): 1.0, (14, 15): 1.0}
key = (int(Yb[0]), int(Yb[1]))
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(n), Yb] = -1.0 / n * known.get(key, 0.0)
