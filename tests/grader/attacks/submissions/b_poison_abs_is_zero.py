# ruff: noqa
"""Makes every distance zero by replacing abs, max and item.

Class: poisoned global state
Honest: none
Beats: nothing, because allclose is one kernel, which asks none of these
"""

import torch

torch.Tensor.abs = torch.abs = lambda x, **named: torch.zeros_like(x)
torch.Tensor.item = lambda self: 0.0
torch.Tensor.isfinite = torch.isfinite = lambda x: torch.ones_like(x).bool()


def dprobs(probs, dlogprobs):
    return torch.full_like(probs, float("nan"))
