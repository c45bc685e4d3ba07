# ruff: noqa
"""Sets requires_grad with setattr and reads grad with getattr, both by built strings.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


def dprobs(probs, dlogprobs):
    leaf = probs.clone()
    with torch.inference_mode(False):
        setattr(leaf, "requires_" + "grad", True)
        getattr(leaf.log(), "back" + "ward")(dlogprobs)
    return getattr(leaf, "gr" + "ad")
