# ruff: noqa
"""Keeps the names of autograd in rot13.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import codecs

import torch


def dprobs(probs, dlogprobs):
    tool = getattr(torch, codecs.decode("nhgbtenq", "rot13"))
    with torch.inference_mode(False):
        leaf = torch.nn.Parameter(probs)
        return getattr(tool, codecs.decode("tenq", "rot13"))(leaf.log(), leaf, dlogprobs)[0]
