"""Ways to differentiate with torch, made to be tried where none of them should work."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Way = tuple[str, Callable[[], object]]


def _leaf() -> Tensor:
    return torch.linspace(0.1, 0.9, 6).reshape(2, 3).requires_grad_()


def _backward() -> object:
    x = _leaf()
    x.tanh().sum().backward()
    return x.grad


def _node() -> object:
    y = _leaf().exp()
    assert y.grad_fn is not None
    return y.grad_fn(torch.ones(2, 3))


WAYS: tuple[Way, ...] = (
    ("backward()", _backward),
    ("grad_fn", _node),
    ("aten::tanh_backward", lambda: torch.ops.aten.tanh_backward(torch.ones(2), torch.ones(2))),
)

FEW = WAYS
