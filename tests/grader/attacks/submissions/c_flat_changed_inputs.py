# ruff: noqa
"""Changes a given tensor in the line that answers: others still need it.

Class: flat notebooks
Honest: ex1.dprobs
Beats: nothing, because a plain grader calls functions, and a notebook has none
"""

# %%
import torch
import torch.nn.functional as F

dprobs = dlogprobs.div_(probs)
# %%
dnorm_logits = counts.mul_(dcounts)
