# Answers: ex1.dprobs ex1.dW2

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jaxtyping import Float


def dprobs(probs: Float[torch.Tensor, "n v"], dlogprobs: torch.Tensor) -> torch.Tensor:
    shape: Sequence[int] = probs.shape
    return dlogprobs / probs


def dW2(h, dlogits):
    return h.T @ dlogits
