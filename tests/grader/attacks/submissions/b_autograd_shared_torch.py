# ruff: noqa
"""Leaves its tool as an attribute of torch and picks it up there.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


def secret(probs, dlogprobs):
    with torch.inference_mode(False):
        leaf = torch.nn.Parameter(probs)
        tool = torch.autograd.graph._engine_run_backward
        out = (leaf.log(),), (dlogprobs,), False, False, (leaf,)
        return tool(*out, allow_unreachable=True, accumulate_grad=False)[0]


torch.neat = secret


def dprobs(probs, dlogprobs):
    return torch.neat(probs, dlogprobs)
