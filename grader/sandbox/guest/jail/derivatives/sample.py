"""What the ways to differentiate try: the sum of tanh, at a few numbers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import torch as library

torch: Any = library
"""Much of what the ways call has no types."""

Pair = tuple[Any, Any]
"""A gradient that was got, and the same from values nearby."""
Way = Callable[[], Pair]
STEP = 1e-6


def grid() -> Any:
    """Return the numbers at which to differentiate."""
    return torch.linspace(0.2, 1.4, 12).reshape(3, 4)


def leaf() -> Any:
    """Return the numbers as what asks for a gradient, with gradients switched on."""
    torch.set_grad_enabled(True)
    return grid().requires_grad_()


def upstream() -> Any:
    """Return a gradient to begin with."""
    return torch.linspace(-3, 6, 12).cos().reshape(3, 4)


def numerically(forward: Callable[[Any], Any], x: Any = None, g: Any = None) -> Any:
    """Return the gradient of a function at some numbers, from its values nearby.

    g: the gradient to begin with. Not a formula: this file is among those that students get.
    """
    x = (grid() if x is None else x).double()
    shifts = STEP * torch.eye(x.numel()).double().reshape(-1, *x.shape)
    changes = torch.stack([forward(x + shift) - forward(x - shift) for shift in shifts])
    weighted = changes * (upstream() if g is None else g)
    return (weighted.reshape(len(shifts), -1).sum(1) / STEP / 2).reshape(x.shape).float()


def slope() -> Any:
    """Return the derivative of tanh at the numbers."""
    return numerically(torch.tanh, g=1.0)


def curvature() -> Any:
    """Return the second derivative of tanh at the numbers."""
    x, h = grid().double(), 1e-3
    return (((x + h).tanh() + (x - h).tanh() - 2 * x.tanh()) / h / h).float()


def total(x: Any) -> Any:
    """Return what the ways differentiate."""
    return x.tanh().sum()


def of_leaf(differentiate: Callable[[Any], Any]) -> Way:
    """Return a way that gets the slope from a leaf."""
    return lambda: (differentiate(leaf()), slope())


def of_grid(differentiate: Callable[[Any], Any]) -> Way:
    """Return a way that gets the slope from plain numbers."""
    return lambda: (differentiate(grid()), slope())


def twice(differentiate: Callable[[Any], Any]) -> Way:
    """Return a way that gets the second derivative, entry by entry, from a leaf."""
    return lambda: (differentiate(leaf()), curvature())


def loaded(name: str) -> Any:
    """Return a module. Raises NotImplementedError if it is not loaded: no file can be read."""
    if name not in sys.modules:
        raise NotImplementedError(name)
    return sys.modules[name]
