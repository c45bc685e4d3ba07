# ruff: noqa
"""Goes through type(x).__getattribute__ and strings.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


def dprobs(probs, dlogprobs):
    with torch.inference_mode(False):
        leaf = torch.nn.Parameter(probs)
        out = leaf.log()
        type(out).__getattribute__(out, "back" + "ward")(dlogprobs)
        return object.__getattribute__(leaf, "gr" + "ad")
