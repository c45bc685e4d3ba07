"""References: what autograd says, in float64, and the unit in which an error is measured."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from grader.cases import Case
from grader.course import forward
from grader.course.catalogue import Task

ROUNDING = 3e6
"""Where the terms of a gradient cancel, what is left is rounding, and the largest entry is no
measure of scale. float32 autograd is within 3e-7 of float64 in units of the largest entry when
nothing cancels; a float32 error above 1 / ROUNDING therefore means that the unit has to grow."""


@dataclass(frozen=True)
class Reference:
    """The right answer: `value` in float64, other right answers, and the `unit` of error.

    exact: what a comparison says of `float32` itself, by the bound; most right answers are that.
    """

    value: Tensor
    others: tuple[Tensor, ...]
    unit: float
    float32: Tensor
    exact: dict[float, Any] = field(default_factory=dict, repr=False, compare=False)


def unit_of(value: Tensor, rounded: Tensor) -> float:
    """Return the unit of error for a gradient: its largest entry, or more where terms cancel.

    value: the float64 reference. rounded: the same, computed in float32.
    """
    noise = (rounded.double() - value).abs().max().item()
    largest = value.abs().max().item()
    return max(largest, ROUNDING * noise) if math.isfinite(noise) else largest


def gradient(task: Task, case: Case) -> Reference:
    """Return the reference gradient of a task on a case.

    Its inputs are exactly the case's numbers; only the arithmetic is float64. Where a line has
    several subgradients, every one of them is a right answer.
    """
    tensor = forward.tensor_of(task)
    assert tensor is not None, f"{task.full_name} is not a gradient"
    lines = forward.readers(task)
    value = forward.vjp(lines, tensor, *case.wide)
    rounded = forward.vjp(lines, tensor, *case.narrow)
    instead = {
        name: function
        for name, function in forward.spec(task.exercise.key).other_subgradients.items()
        if any(line.makes == name for line in lines)
    }
    others = (forward.vjp(lines, tensor, *case.wide, instead),) if instead else ()
    return Reference(value, others, unit_of(value, rounded), rounded)


def may_alias(task: Task, case: Case) -> bool:
    """Tell whether an answer may share memory with an input: where the line itself is a view."""
    reading = forward.readers(task)
    tensor = forward.tensor_of(task)
    if tensor is None or len(reading) != 1:
        return False
    source = case.tensors[tensor].contiguous()
    made = reading[0]({**case.tensors, tensor: source})
    return made.untyped_storage().data_ptr() == source.untyped_storage().data_ptr()
