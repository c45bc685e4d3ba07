"""What the ways to differentiate try: the sum of tanh, at a few numbers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import torch as library

torch: Any = library
"""Much of what the ways call has no types."""

Pair = tuple[Any, Any]
"""A gradient that was got, and the same by the formula."""
Way = Callable[[], Pair]


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


def slope() -> Any:
    """Return the derivative of tanh at the numbers."""
    return 1 - grid().tanh() ** 2


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
    return lambda: (differentiate(leaf()), -2 * grid().tanh() * slope())


def loaded(name: str) -> Any:
    """Return a module. Raises NotImplementedError if it is not loaded: no file can be read."""
    if name not in sys.modules:
        raise NotImplementedError(name)
    return sys.modules[name]
