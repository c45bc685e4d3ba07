# ruff: noqa
"""Composes autograd out of lambdas and functools.partial.

Class: autograd in disguise
Honest: none
Beats: plain pytest
"""

import functools

import torch

leaf_of = lambda x: x.clone().requires_grad_()
pull = functools.partial(torch.autograd.grad, allow_unused=False)
dprobs = lambda probs, dlogprobs: (
    lambda leaf: torch.enable_grad()(lambda: pull(leaf.log(), leaf, dlogprobs)[0])()
)(leaf_of(probs))
