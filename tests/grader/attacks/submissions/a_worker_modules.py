"""Replaces the functions by which the worker looks at an answer.

Class: patched comparison
Honest: none
Beats: nothing, because it has no worker whose modules could be replaced
"""

# ruff: noqa

import sys
from inspect import isfunction, ismodule

import torch

frame, callers = sys._getframe(), []
while frame:
    reached = list(frame.f_globals.values())
    callers += [frame.f_globals, *map(vars, filter(ismodule, reached))]
    callers += [value.__globals__ for value in reached if isfunction(value)]
    frame = frame.f_back
for names in [*callers, *map(vars, list(sys.modules.values()))]:
    for name in ("normalised", "unchanged", "as_tensor", "tensors_of", "described"):
        if name in names:
            names[name] = lambda *a, **k: True


def dcounts(counts):
    return torch.zeros_like(counts)
