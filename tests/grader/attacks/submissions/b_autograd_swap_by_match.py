# ruff: noqa
"""Replaces a stub by the capture of a pattern.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


def dprobs(probs, dlogprobs):
    return probs


def secret(probs, dlogprobs):
    with torch.inference_mode(False):
        leaf = torch.nn.Parameter(probs)
        tool = torch.autograd.graph._engine_run_backward
        out = (leaf.log(),), (dlogprobs,), False, False, (leaf,)
        return tool(*out, allow_unreachable=True, accumulate_grad=False)[0]


match secret:
    case dprobs:
        pass
