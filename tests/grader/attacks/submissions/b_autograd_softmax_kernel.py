# ruff: noqa
"""Calls a kernel of autograd that torch exports under a private name.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import torch


def dlogits(logits, Yb):
    logprobs = torch.log_softmax(logits, 1)
    upstream = torch.zeros_like(logprobs)
    upstream[torch.arange(len(Yb)), Yb] = -1.0 / len(Yb)
    return torch._log_softmax_backward_data(upstream, logprobs, 1, logits.dtype)
