# ruff: noqa
"""Hides autograd in a decorator that replaces an innocent body.

Class: autograd in disguise
Honest: ex1.dnorm_logits
Beats: plain pytest
"""

import torch


def polished(function):
    def answer(probs, dlogprobs):
        with torch.enable_grad():
            leaf = probs.clone().requires_grad_()
            return torch.autograd.grad(leaf.log(), leaf, dlogprobs)[0]

    return answer


@polished
def dprobs(probs, dlogprobs):
    return dlogprobs / probs


def dnorm_logits(counts, dcounts):
    return counts * dcounts
