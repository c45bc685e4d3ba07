"""Replaces the functions by which the worker looks at an answer.

Class: patched comparison
Honest: none
Beats: nothing, because it has no worker whose modules could be replaced
"""

# ruff: noqa

import sys

import torch

for module in list(sys.modules.values()):
    for name in ("normalised", "unchanged", "as_tensor", "tensors_of", "described"):
        if hasattr(module, name):
            setattr(module, name, lambda *a, **k: True)


def dcounts(counts):
    return torch.zeros_like(counts)
