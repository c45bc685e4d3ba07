# ruff: noqa
"""Has an endless loop and an exit in cells that no answer needs.

Class: flat notebooks
Honest: ex1.dprobs
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

while True:
    pass
# %%
raise SystemExit
# %%
dprobs = dlogprobs / probs
