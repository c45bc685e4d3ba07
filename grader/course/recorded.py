"""Answers of the course's procedures to the public checks, for a distribution without the bodies.

The bodies of a few procedures are what a student has to write, and autograd cannot stand in for
them. A release replaces them by a call of `answer`, which looks up what the body said to the same
question when the release was built. Questions are told apart by the shapes and sums of their
tensors and not by their bits: other machines round in another way.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor

ANSWERS = Path(__file__).with_name("recorded.json")
SAME = 1e-5
"""Relative difference of two sums that is still rounding."""


class NotRecorded(LookupError):
    """A question that no public check asks."""


def question(given: Sequence[Any]) -> list[str | float]:
    """Return what tells a question from others: kinds and shapes as text, sums as numbers."""
    return [part for value in given for part in _told(value)]


def _told(value: Any) -> Iterator[str | float]:
    if isinstance(value, Tensor):
        wide = value.double()
        yield f"{value.dtype} {tuple(value.shape)}"
        yield from (wide.sum().item(), wide.abs().sum().item())
    elif isinstance(value, Generator):
        yield f"generator {value.initial_seed()}"
    elif isinstance(value, list):
        yield f"list of {len(value)}"
        yield from question(value)
    elif isinstance(value, (int, float)):
        yield float(value)
    else:
        yield str(value)


def alike(left: Sequence[str | float], right: Sequence[str | float]) -> bool:
    """Tell whether two questions are the same but for rounding."""
    if len(left) != len(right):
        return False
    return all(
        math.isclose(a, b, rel_tol=SAME, abs_tol=SAME)
        if isinstance(a, float) and isinstance(b, float)
        else a == b
        for a, b in zip(left, right, strict=True)
    )


def as_plain(value: Any) -> Any:
    """Return an answer (tensors, texts, lists and tuples of them) as JSON can hold it."""
    if isinstance(value, Tensor):
        dtype = str(value.dtype).removeprefix("torch.")
        return {"dtype": dtype, "shape": list(value.shape), "values": value.flatten().tolist()}
    if isinstance(value, (list, tuple)):
        return [as_plain(item) for item in value]
    return value


def _value(plain: Any) -> Any:
    if isinstance(plain, dict):
        dtype = getattr(torch, plain["dtype"])
        return torch.tensor(plain["values"], dtype=dtype).reshape(plain["shape"])
    return [_value(item) for item in plain] if isinstance(plain, list) else plain


def answer(task: str, *given: Any) -> Any:
    """Return what the procedure of a task (full name) answers to what it is given, in order.

    Raises NotRecorded if no public check asks that.
    """
    asked = question(given)
    for entry in json.loads(ANSWERS.read_text(encoding="utf-8")):
        if entry["task"] == task and alike(entry["question"], asked):
            return _value(entry["answer"])
    raise NotRecorded(
        f"{task}: {ANSWERS.name} holds the answers to the public checks alone, and this is another "
        "question. The course's staff can ask it in their own copy"
    )
