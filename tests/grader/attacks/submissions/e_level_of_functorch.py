# ruff: noqa
"""Enters a level of functorch by hand.

Class: torch's differentiation
Honest: none
Beats: plain pytest
"""

import torch
from torch._functorch import eager_transforms as e

levels = torch._C._functorch


def dprobs(probs, dlogprobs):
    on = torch._C._InferenceMode(False)
    level = levels._grad_increment_nesting()
    x = levels._wrap_for_grad(probs, level)
    e._create_differentiable(x)
    out = levels._unwrap_for_grad(x.log().grad_fn(dlogprobs), level)
    levels._grad_decrement_nesting()
    return out
