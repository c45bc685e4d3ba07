"""Ways to differentiate with torch, which a worker must not have: see `WAYS`.

Each works in plain torch, on tensors of its own, and returns the gradient that it got, and the same
gradient by the formula: a way that gives nothing even in plain torch tells nothing of a worker. The
process that takes a way may end in any state, and is made for nothing else.

Nothing can be imported from files where this runs: a way that needs what is not loaded raises
NotImplementedError.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .engine import ENGINE
from .functions import FUNCTIONAL, SCRIPT
from .kernels import KERNELS
from .sample import Way

__all__ = ["FEW", "WAYS", "Way", "few", "gives"]

WAYS: tuple[tuple[str, Way], ...] = (*ENGINE, *FUNCTIONAL, *SCRIPT, *KERNELS)

FEW = (
    "backward()",
    "node after node",
    "graph differentiated",
    "tanh_backward",
    "softmax behind a pointer",
)
"""What a zygote tries at every start: one of each kind."""


def few() -> list[tuple[str, Way]]:
    """Return the ways that are tried at every start."""
    return [(name, way) for name, way in WAYS if name in FEW]


def gives(way: Way) -> bool:
    """Go a way; tell whether it gave the gradient. NotImplementedError: it needs what is not here.

    What raises anything else gave nothing.
    """
    try:
        found, known = way()
    except ImportError as error:
        raise NotImplementedError(str(error)) from None
    except NotImplementedError:
        raise
    except Exception:
        return False
    return isinstance(found, Tensor) and torch.allclose(found.detach(), known, atol=1e-5)
