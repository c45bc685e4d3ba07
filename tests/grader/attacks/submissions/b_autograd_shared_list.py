# ruff: noqa
"""Passes autograd through a list that another function fills.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch

tools = []


def secret(probs, dlogprobs):
    with torch.inference_mode(False):
        leaf = torch.nn.Parameter(probs)
        tool = torch.autograd.graph._engine_run_backward
        out = (leaf.log(),), (dlogprobs,), False, False, (leaf,)
        return tool(*out, allow_unreachable=True, accumulate_grad=False)[0]


def install():
    tools.append(secret)


install()


def dprobs(probs, dlogprobs):
    return tools[0](probs, dlogprobs)
