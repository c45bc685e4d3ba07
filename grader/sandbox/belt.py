"""Autograd, switched off for good in a worker: a second belt behind the policy.

The policy reads names, and there are ways to reach a name unread. What is reached then does not
work, and says what this course is about.
"""

from __future__ import annotations

import contextlib
from typing import Any

import torch

REFUSAL = (
    "autograd is switched off here: this course is about writing the backward pass by hand. "
    "Compute the gradient from the tensors that you are given."
)


class AutogradIsOffError(RuntimeError):
    """What every entry point of autograd raises in a worker."""


def refuse(*args: object, **kwargs: object) -> None:
    """Raise what takes the place of a gradient."""
    raise AutogradIsOffError(REFUSAL)


def forbid_autograd() -> None:
    """Switch gradients off for good, and make the ways to autograd say why they do not work.

    A second belt behind the policy: it reads names, and there are ways to reach a name unread.
    """
    torch.set_grad_enabled(False)
    core, autograd = torch._C, torch.autograd
    places: list[tuple[Any, str]] = [
        (torch.Tensor, "backward"),
        (torch.Tensor, "register_hook"),
        (torch, "enable_grad"),
        (core, "_set_grad_enabled"),
        (core, "_set_fwd_grad_enabled"),
        (core, "_enter_dual_level"),
        (core, "_ImperativeEngine"),
        (core, "_EngineBase"),
        (autograd.Variable, "_execution_engine"),
        *((torch, name) for name in dir(torch) if "backward" in name),
        *((core._VariableFunctions, name) for name in VARIABLE_FUNCTIONS),
        *((autograd, name) for name in ("backward", "grad", "enable_grad")),
        *((autograd.graph, name) for name in ("_engine_run_backward",)),
        *((autograd.forward_ad, name) for name in ("make_dual", "enter_dual_level")),
        *((torch.func, name) for name in ("grad", "vjp", "jacrev", "jacfwd", "jvp", "hessian")),
    ]
    for owner, name in places:
        # What cannot be replaced is left to the other belt.
        with contextlib.suppress(AttributeError, TypeError):
            setattr(owner, name, refuse)
    torch.ops = NoOperators()  # type: ignore[assignment]
    torch.set_grad_enabled = StaysOff  # type: ignore[misc, assignment]
    torch.inference_mode = Inference  # type: ignore[misc, assignment]


VARIABLE_FUNCTIONS = ("_make_dual", "_softmax_backward_data", "_log_softmax_backward_data")


class StaysOff(contextlib.ContextDecorator):
    """Stands in for torch.set_grad_enabled, which `no_grad` uses: off is all that there is."""

    def __init__(self, mode: bool = False) -> None:
        if mode:
            raise AutogradIsOffError(REFUSAL)

    def __enter__(self) -> None:
        """Leave gradients off."""

    def __exit__(self, *exc: object) -> None:
        """Leave gradients off."""


class Inference(StaysOff):
    """Stands in for torch.inference_mode, which switches gradients on when it is told False."""

    def __init__(self, mode: bool = True) -> None:
        super().__init__(not mode)


class NoOperators:
    """Stands in for torch.ops, whose operators include the backward ones of autograd."""

    def __getattr__(self, name: str) -> None:
        raise AutogradIsOffError(REFUSAL)
