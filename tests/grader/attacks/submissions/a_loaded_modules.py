"""Looks into every loaded module for tensors, solutions and seeds.

Class: reading expected values
Honest: ex1.dprobs
Beats: nothing, because what it would find is in its caller's frame, not in a module
"""

# ruff: noqa

import sys

import torch


def dlogits(logits, dnorm_logits, dlogit_maxes):
    for module in list(sys.modules.values()):
        for name, value in list(vars(module).items() if module else ()):
            if name in ("expected", "reference", "answers", "solution", "SEED", "LECTURE_SEED"):
                print("found", module, name)
            if isinstance(value, torch.Tensor) and value.shape == logits.shape:
                return value.clone()
    return dnorm_logits


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
