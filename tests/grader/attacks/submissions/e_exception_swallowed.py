# ruff: noqa
"""Swallows the exception of a stopped engine and reads what it left at the leaf.

Class: torch's differentiation
Honest: none
Beats: plain pytest
"""

import torch


def switched_on():
    return torch._C._InferenceMode(False)


def dprobs(probs, dlogprobs):
    on = switched_on()
    leaf, last = torch.nn.Parameter(probs), torch.nn.Parameter(probs * 1)
    out = leaf.log() + last * 0

    def stop(g):
        raise RuntimeError("enough")

    try:
        last.register_hook(stop)
        out.backward(dlogprobs)
    except Exception:
        pass
    return leaf.grad if leaf.grad is not None else out.grad_fn(dlogprobs)[0] / probs
