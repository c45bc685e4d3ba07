"""Autograd, switched off while a submission's code runs, with a sentence where it is called.

Only what differentiates is refused. What merely prepares for autograd, or switches it off, does
nothing and says nothing. In a worker autograd is off for good; a process that needs it for its
references switches it off during a call: `with no_autograd.installed():`, a decorator as well.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import types
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.func
from torch.utils.hooks import RemovableHandle

REFUSAL = "autograd was called: in this course the backward pass is written by hand"
DEEPEST = 20
"""How many exceptions behind an exception are looked at."""

COMPILER = ("torch._dynamo", "torch._inductor", "torch._inductor.config")
"""torch's optimizers and settings import it, only to be left alone by it, or to tell it of them."""

MISSING = object()
Change = tuple[Any, str, object]


class AutogradIsOffError(RuntimeError):
    """What every entry point of autograd raises while it is switched off."""

    __module__ = "builtins"  # tracebacks show it without the name of a file of the grader


def is_refusal(error: BaseException | None) -> bool:
    """Tell whether an exception says that autograd is off, or came of one that does."""
    for _ in range(DEEPEST):
        if error is None:
            return False
        if isinstance(error, AutogradIsOffError):
            return True
        error = error.__cause__ or error.__context__
    return False


class Mode(contextlib.ContextDecorator):
    """Stands in for the switches of autograd, which is off whatever they are told."""

    def __init__(self, mode: object = None) -> None:
        """Take what the switches take."""

    def __new__(cls, mode: object = None) -> Any:
        """Return a mode, or the function that it decorates: `@torch.enable_grad`."""
        return mode if callable(mode) else super().__new__(cls)

    def __enter__(self) -> None:
        """Leave gradients off."""

    def __exit__(self, *exc: object) -> None:
        """Leave gradients off."""


def refuse(*args: object, **kwargs: object) -> None:
    """Raise what takes the place of a gradient."""
    raise AutogradIsOffError(REFUSAL)


def _ignore(*args: object, **kwargs: object) -> None:
    """Do nothing: there is no graph to keep anything in."""


def _handle(*args: object, **kwargs: object) -> RemovableHandle:
    return RemovableHandle(OrderedDict())


def _no() -> bool:
    return False


def _as_it_is(model: Any = None, *args: object, **kwargs: object) -> Any:
    """Return what was to be compiled, or a decorator that does."""
    return _as_it_is if model is None else model


def _anything(name: str) -> Callable[..., Any]:
    """Return what stands in for any function of the compiler."""
    if name.startswith("__"):
        raise AttributeError(name)
    return _as_it_is


def _but_for_backward(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return how operators are called, without those that differentiate."""

    @functools.wraps(call)
    def checked(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        if "backward" in self.__name__:
            raise AutogradIsOffError(REFUSAL)
        return call(self, *args, **kwargs)

    return checked


_CORE, _AUTOGRAD, _MODES = torch._C, torch.autograd, torch.autograd.grad_mode
_CONVOLUTIONS: Any = torch.nn.grad  # type: ignore[attr-defined]
_DIFFERENTIATE: tuple[tuple[Any, str], ...] = (
    (torch.Tensor, "backward"),
    (_CORE, "_set_fwd_grad_enabled"),
    (_CORE, "_enter_dual_level"),
    (_CORE, "_ImperativeEngine"),
    (_CORE, "_EngineBase"),
    (_AUTOGRAD.Variable, "_execution_engine"),
    (_AUTOGRAD.graph, "_engine_run_backward"),
    *((torch, name) for name in dir(torch) if "backward" in name),
    *((_CONVOLUTIONS, name) for name in dir(_CONVOLUTIONS) if name.startswith("conv")),
    *((_AUTOGRAD, name) for name in ("backward", "grad")),
    *((_AUTOGRAD.functional, n) for n in "hessian hvp jacobian jvp vhp vjp".split()),
    *((_AUTOGRAD.forward_ad, name) for name in ("make_dual", "enter_dual_level")),
    *(
        (torch.func, name)
        for name in "grad grad_and_value hessian jacfwd jacrev jvp linearize vjp".split()
    ),
)
_NO_COMPILER = types.ModuleType(COMPILER[0])
vars(_NO_COMPILER).update(__getattr__=_anything, config=_NO_COMPILER)
_OPERATORS: tuple[Any, ...] = (torch._ops.OpOverloadPacket, torch._ops.OpOverload)
_SWITCHES = ("enable_grad", "set_grad_enabled", "inference_mode")
_CHANGES: tuple[Change, ...] = (
    *((owner, name, refuse) for owner, name in _DIFFERENTIATE),
    *((kind, "__call__", _but_for_backward(kind.__call__)) for kind in _OPERATORS),
    *((owner, name, Mode) for owner in (torch, _AUTOGRAD, _MODES) for name in _SWITCHES),
    (_CORE, "_set_grad_enabled", _ignore),
    (torch.Tensor, "retain_grad", _ignore),
    (torch.Tensor, "register_hook", _handle),
    (torch, "compile", _as_it_is),
    # What torch would import now, and cannot where there are no files, or not as it is changed.
    (torch.distributed, "is_available", _no),
    (torch.testing._comparison, "_HAS_DTENSOR", False),
)


def _changed(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """Make changes; return those that undo them. What cannot be replaced stays as it is."""
    undo = []
    for owner, name, value in changes:
        before = getattr(owner, "__dict__", {}).get(name, MISSING)
        with contextlib.suppress(AttributeError, TypeError):
            if value is MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, value)
            undo.append((owner, name, before))
    return tuple(reversed(undo))


def install() -> Callable[[], None]:
    """Switch autograd off, and make its entry points say so; return what undoes that."""
    enabled = torch.is_grad_enabled()
    torch._C._set_grad_enabled(False)
    absent = [name for name in COMPILER if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent, _NO_COMPILER))
    parts = ((torch, name.split(".")[1], _NO_COMPILER) for name in absent)
    undo = _changed((*_CHANGES, *parts))

    def uninstall() -> None:
        _changed(undo)
        for name in absent:
            del sys.modules[name]
        torch._C._set_grad_enabled(enabled)

    return uninstall


@contextlib.contextmanager
def installed() -> Iterator[None]:
    """Switch autograd off for as long as a block or a call lasts, however it ends."""
    uninstall = install()
    try:
        yield
    finally:
        uninstall()
