# ruff: noqa
"""Lets the decorator of an unrelated function do the fetching.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch

tools = []


def keep(function):
    tools.append(function)
    return function


@keep
def secret(probs, dlogprobs):
    with torch.inference_mode(False):
        leaf = torch.nn.Parameter(probs)
        tool = torch.autograd.graph._engine_run_backward
        out = (leaf.log(),), (dlogprobs,), False, False, (leaf,)
        return tool(*out, allow_unreachable=True, accumulate_grad=False)[0]


def dprobs(probs, dlogprobs):
    return tools[0](probs, dlogprobs)
