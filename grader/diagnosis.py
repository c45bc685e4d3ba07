"""Diagnosis: why an answer is wrong. Never a guess: a name is given where the numbers agree."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from grader import relations, sketches, verdict
from grader.cases import Case
from grader.course import misconceptions
from grader.course.catalogue import Task, course
from grader.course.misconceptions import Misconception
from grader.question import Answer
from grader.reference import Reference
from grader.sketches import Known


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong, in one sentence, and a nudge that does not give the answer away."""

    id: str
    says: str
    nudge: str

    def as_dict(self) -> dict[str, str]:
        """Return the diagnosis as plain data."""
        return asdict(self)


ZEROS = Diagnosis(
    "zeros",
    "Every entry is zero: the answer does not depend on the upstream gradient at all.",
    "Which of the inputs should the answer grow with?",
)
DTYPE_NUDGE = "Which operation turned floating numbers into whole or true-or-false ones?"


def in_place(names: Sequence[str]) -> Diagnosis:
    """Return the diagnosis for inputs that were changed."""
    listed = ", ".join(names)
    return Diagnosis(
        "in-place",
        f"{listed} was overwritten: an operation worked in place on an input, not on a copy.",
        "Look for `+=`, `*=`, index assignment or a trailing underscore on something you were "
        "given.",
    )


def formula_on(entry: Misconception, task: Task, case: Case) -> Tensor | None:
    """Return what a wrong formula gives on a case, or None where it cannot be computed."""
    inputs = case.inputs(task)
    asked = inspect.signature(entry.formula).parameters
    given = {
        name: value.clone() if isinstance(value, Tensor) else value
        for name, value in inputs.items()
        if name in asked
    }
    try:
        made = entry.formula(**given)
    except (RuntimeError, IndexError, ValueError, TypeError):
        return None  # hard-coded sizes do not fit every case
    return made if isinstance(made, Tensor) else None


def same(answer: Tensor, other: Tensor, unit: float) -> bool:
    """Tell whether two tensors are the same but for rounding and size-1 dimensions."""
    if verdict.squeezed(tuple(answer.shape)) != verdict.squeezed(tuple(other.shape)):
        return False
    wide, wide_other = answer.double().reshape(other.shape), other.double()
    finite = wide.isfinite()
    if not torch.equal(finite, wide_other.isfinite()) or not bool(finite.any()):
        return False
    largest = max(unit, wide_other[finite].abs().max().item())
    return bool((wide - wide_other)[finite].abs().max() <= course().bound * largest)


def _known(task: Task, case: Case, got: Tensor, unit: float) -> Misconception | Known | None:
    """Return the misconception whose numbers these are: by the formulas of the bank, or by the
    sketches that a distribution for students has instead.
    """
    for entry in misconceptions.of_task(task.full_name):
        made = formula_on(entry, task, case)
        if made is not None and made.shape == got.shape and same(got, made, unit):
            return entry
    return sketches.match(task.full_name, case.name, got, unit, course().bound)


def of_gradient(task: Task, case: Case, answer: Answer, expected: Reference) -> Diagnosis | None:
    """Name the misconception behind a wrong gradient, if its numbers show which one it is."""
    got = answer.tensors[0]
    if not got.is_floating_point():
        kind = str(got.dtype).removeprefix("torch.")
        return Diagnosis("dtype", f"The answer holds {kind} numbers.", DTYPE_NUDGE)
    if got.numel() and not bool(torch.count_nonzero(got)):
        return ZEROS
    entry = _known(task, case, got, expected.unit)
    if entry is not None:
        return Diagnosis(entry.id, entry.says, entry.nudge)
    found = relations.of_answer(task, case, got, expected, course().bound)
    if found is not None:
        return Diagnosis(f"relation/{found.id}", found.says, found.nudge)
    return in_place(answer.changed) if answer.changed else None
