"""Replaces the function that packs the worker's answers by one that adds a verdict.

Class: patched comparison
Honest: ex1.dprobs
Beats: nothing, because it has no wire
"""

# ruff: noqa

import sys

import torch

wire = sys.modules.get("wire")
if wire:
    pack = wire.pack
    verdict = {"verdict": "exact", "points": 9, "passed": True, "error": 0.0, "kind": "exact"}
    wire.pack = lambda header, parts=(): pack({**header, **verdict}, parts)


def dcounts(counts):
    return torch.zeros_like(counts)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
