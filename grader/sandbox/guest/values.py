"""The arguments and the results of a submission's functions, each in the form that is asked for."""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from . import stand_ins

with contextlib.suppress(ImportError):  # torch works without it
    import numpy


def argument(spec: Any, tensors: Sequence[Tensor]) -> Any:
    """Return the value of a parameter that a request describes."""
    kind, value = spec["kind"], spec.get("value")
    if kind == "tensor":
        return tensors[value]
    if kind == "padded":
        return padded(tensors[value])
    if kind == "list":
        return [argument(item, tensors) for item in value]
    if kind == "generator":
        return torch.Generator().manual_seed(value)
    if kind == "cubic":
        return cubic([tensors[index] for index in value])
    if kind == "row_sparse":
        return row_sparse(spec["count"], *(tensors[index] for index in value))
    return value


def cubic(coefficients: Sequence[Tensor]) -> Callable[[Tensor], Tensor]:
    """Return x -> sum(a x^3 + b x^2 + c x) + (b . x)(c . x), to differentiate numerically."""
    a, b, c = coefficients

    def f(x: Tensor) -> Tensor:
        total = (a.to(x) * x**3 + b.to(x) * x**2 + c.to(x) * x).sum()
        return total + (b.to(x) * x).sum() * (c.to(x) * x).sum()

    return f


def tensors_of(given: Mapping[str, Any]) -> Iterator[tuple[str, Tensor]]:
    """Yield every tensor among the inputs, with its name, `gradients[0]` for one of a list."""
    for name, value in given.items():
        if type(value) is Tensor:
            yield name, value
        elif type(value) is list:
            yield from ((f"{name}[{index}]", item) for index, item in enumerate(value))


def padded(tensor: Tensor) -> Tensor:
    """Return the same numbers as a non-contiguous view of a wider tensor."""
    if tensor.dim() < 2 or not tensor.is_floating_point():
        return tensor
    wide = torch.full((*tensor.shape[:-1], tensor.shape[-1] + 3), float("nan"), dtype=tensor.dtype)
    wide[..., : tensor.shape[-1]] = tensor
    return wide[..., : tensor.shape[-1]]


def row_sparse(count: int, index: Tensor, values: Tensor) -> Tensor:
    """Return a table of `count` rows that are zero but for `values`, the rows at `index`."""
    # Memory from the system is zero, and takes room and time only where something is written.
    size = count * values[:1].numel() * values.element_size()
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    table = torch.frombuffer(pages, dtype=values.dtype).view(count, *values.shape[1:])
    return table.index_copy_(0, index, values)


def normalised(result: Any, wanted: Mapping[str, Any]) -> tuple[list[Tensor], list[str]]:
    """Bring a function's result into the form of an answer: tensors, or texts.

    Raises TypeError, in words for a student, if it is not what was asked for.
    """
    if wanted["kind"] == "texts":
        if not isinstance(result, (list, tuple)) or not all(type(x) is str for x in result):
            raise TypeError(f"return a list of strings; this is {described(result)}")
        return [], [str(x)[:1000] for x in result][:10000]
    if wanted["kind"] == "tensor":
        return [as_tensor(result, numbers=False)], []
    names = wanted["names"]
    if isinstance(result, dict):
        missing = [name for name in names if name not in result]
        if missing:
            raise TypeError(f"the returned dict lacks {', '.join(missing)}")
        result = [result[name] for name in names]
    if wanted["kind"] == "scalar" and not isinstance(result, (list, tuple)):
        result = [result]
    if not isinstance(result, (list, tuple)) or len(result) != len(names):
        raise TypeError(f"return {', '.join(names)}; this is {described(result)}")
    return [as_tensor(item, numbers=wanted["kind"] == "scalar") for item in result], []


def as_tensor(value: Any, *, numbers: bool) -> Tensor:
    """Return a plain tensor, which an array of NumPy may stand for, and numbers if they are told
    to. Raises TypeError for anything else.
    """
    value = from_array(value)
    if numbers and type(value) in (float, int):
        return torch.tensor(value, dtype=torch.float64)
    if type(value) not in (Tensor, torch.nn.Parameter):
        raise TypeError(f"return a tensor; this is {described(value)}")
    if value.layout is not torch.strided or value.is_complex() or value.is_quantized:
        raise TypeError("return a dense tensor of real numbers")
    plain: Tensor = value.detach().resolve_neg().resolve_conj()
    return plain


def from_array(value: Any) -> Any:
    """Return an array of NumPy as a tensor of its own memory layout, anything else as it is."""
    if "numpy" in globals() and type(value) is numpy.ndarray:
        return torch.from_numpy(numpy.ascontiguousarray(value))
    return value


def described(value: Any) -> str:
    """Name a value in a sentence: its type, and its length if it is a sequence."""
    if value is None:
        return "None (is a `return` missing?)"
    if isinstance(value, stand_ins.Absent):
        return stand_ins.told(value)
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a {type(value).__name__}"
