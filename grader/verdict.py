"""Verdicts: an answer against its reference, in units of the reference's own scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor

from grader.reference import Reference


class Kind(StrEnum):
    """How an answer stands to its reference."""

    EXACT = "exact"
    NOISE = "within noise"
    SHAPE = "shape"
    WRONG = "wrong"

    @property
    def right(self) -> bool:
        """Tell whether numbers and shape are right."""
        return self in (Kind.EXACT, Kind.NOISE)


@dataclass(frozen=True)
class Worst:
    """The entry that is furthest off."""

    index: tuple[int, ...]
    yours: float
    expected: float


@dataclass(frozen=True)
class Verdict:
    """A comparison: `error` is in units of the reference, `max_abs` is the lecture's maxdiff.

    `exact` and `approx` are what the lecture's `cmp` shows: bit for bit equal to float32 autograd,
    and equal by `torch.allclose`. They are shown, never scored. Both figures are infinite where
    the answer cannot be compared.
    """

    kind: Kind
    error: float
    max_abs: float
    exact: bool
    approx: bool
    shape: tuple[int, ...]
    expected_shape: tuple[int, ...]
    dtype: str
    worst: Worst | None
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict as plain data; a figure that is not finite becomes None."""
        plain = dict(vars(self))
        plain["kind"] = str(self.kind)
        plain["worst"] = dict(vars(self.worst)) if self.worst else None
        for figure in ("error", "max_abs"):
            plain[figure] = plain[figure] if math.isfinite(plain[figure]) else None
        return plain


def squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape without its size-1 dimensions."""
    return tuple(size for size in shape if size != 1)


def _worst(answer: Tensor, expected: Tensor) -> Worst | None:
    if expected.numel() == 0:
        return None
    off = (answer - expected).abs().nan_to_num(nan=math.inf)
    flat = int(off.flatten().argmax())
    index: tuple[int, ...] = ()
    for size in reversed(expected.shape):  # torch.unravel_index would import sympy for 0.4 s
        flat, place = divmod(flat, size)
        index = (place, *index)
    return Worst(index, answer[index].item(), expected[index].item())


def same(one: Tensor, other: Tensor, bound: float) -> bool:
    """Tell whether two answers agree: in shape and dtype, and in their numbers within a bound."""
    alike = (one.dtype, one.shape) == (other.dtype, other.shape)
    wide = (one.double(), other.double())
    return alike and torch.allclose(*wide, rtol=0.0, atol=bound, equal_nan=True)


def compare(answer: Tensor, reference: Reference, bound: float) -> Verdict:
    """Judge an answer. One that is float32 autograd's bit by bit is judged once for each reference;
    see `_compared`.
    """
    if answer.dtype != torch.float32 or not torch.equal(answer, reference.float32):
        return _compared(answer, reference, bound)
    if bound not in reference.exact:
        reference.exact[bound] = _compared(answer, reference, bound)
    found: Verdict = reference.exact[bound]
    return found


def _compared(answer: Tensor, reference: Reference, bound: float) -> Verdict:
    """Judge an answer.

    answer: a tensor of any dtype and shape. bound: the largest error that counts as rounding.
    An answer whose shape differs from the reference's by size-1 dimensions only is compared in the
    reference's shape, and judged `shape` if its numbers are right.
    """
    expected = reference.value
    shape, wanted = tuple(answer.shape), tuple(expected.shape)
    dtype = str(answer.dtype).removeprefix("torch.")

    def verdict(kind: Kind, error: float, max_abs: float, **more: Any) -> Verdict:
        facts = {"exact": False, "approx": False, "worst": None, "note": "", **more}
        return Verdict(
            kind, error, max_abs, shape=shape, expected_shape=wanted, dtype=dtype, **facts
        )

    if not answer.is_floating_point():
        note = f"dtype is {dtype}; a gradient has a floating dtype"
        return verdict(Kind.WRONG, math.inf, math.inf, note=note)
    if squeezed(shape) != squeezed(wanted):
        return verdict(Kind.WRONG, math.inf, math.inf, note="the number of entries is wrong")

    laid = answer.detach().double().reshape(wanted)
    worst = _worst(laid, expected)
    if not bool(laid.isfinite().all()):
        broken = "nan" if bool(laid.isnan().any()) else "inf"
        count = int((~laid.isfinite()).sum())
        note = f"{count} of {laid.numel()} entries are {broken} or not finite"
        return verdict(Kind.WRONG, math.inf, math.inf, worst=worst, note=note)

    distances = [(laid - right).abs().max().item() for right in (expected, *reference.others)]
    max_abs = min(distances)
    error = max_abs / reference.unit if reference.unit else (0.0 if max_abs == 0 else math.inf)
    float32 = reference.float32
    exact = answer.dtype == torch.float32 and torch.equal(answer.reshape(wanted), float32)
    approx = exact or torch.allclose(laid.float(), float32)
    if error > bound:
        kind = Kind.WRONG
    elif shape != wanted:
        kind = Kind.SHAPE
    else:
        kind = Kind.EXACT if exact else Kind.NOISE
    return verdict(kind, error, max_abs, exact=exact, approx=approx, worst=worst)
