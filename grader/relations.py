"""General relations between a wrong gradient and the right one, where no formula of the bank fits.

Each relation either holds for the numbers at hand, within the bound of the verdict, or is silent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from grader.cases import Case
from grader.course import forward
from grader.course.catalogue import Task
from grader.reference import Reference

FEW = 0.25
"""At most this share of rows may be wrong for the rest to count as right."""


@dataclass(frozen=True)
class Relation:
    """A relation that holds: its name, what it means, and where to look."""

    id: str
    says: str
    nudge: str


@dataclass(frozen=True)
class Comparison:
    """What a relation looks at: the answer and the right value in float64, and the bound."""

    task: Task
    case: Case
    answer: Tensor
    expected: Reference
    bound: float

    def close(self, left: Tensor, right: Tensor) -> bool:
        """Tell whether two tensors agree in shape and numbers."""
        if left.shape != right.shape:
            return False
        largest = max(right.abs().max().item(), self.expected.unit) if right.numel() else 0.0
        return bool((left - right).abs().max() <= self.bound * largest) if right.numel() else True


def first(comparison: Comparison) -> Relation | None:
    """Return the first relation that holds, the most telling ones first."""
    for relation in RELATIONS:
        found = next(relation(comparison), None)
        if found is not None:
            return found
    return None


def not_finite(it: Comparison) -> Iterator[Relation]:
    """Say where inf or nan start."""
    broken = ~it.answer.isfinite()
    if bool(broken.any()):
        index = tuple(broken.nonzero()[0].tolist())
        kind = "nan" if bool(it.answer[index].isnan()) else "inf"
        yield Relation(
            "not-finite",
            f"{int(broken.sum())} of {broken.numel()} entries are not finite; the first is {kind} "
            f"at {list(index)}.",
            "Which operation can overflow, or divide nothing by nothing, for such an input?",
        )


def constant_factor(it: Comparison) -> Iterator[Relation]:
    """Say that the answer is a multiple of the right one, and which."""
    right = it.expected.value
    if it.answer.shape != right.shape or not bool(right.any()):
        return
    factor = ((it.answer * right).sum() / (right * right).sum()).item()
    if factor and it.close(it.answer / factor, right):
        name = _named_factor(factor, it)
        if name == "-1":
            yield Relation("sign", "The numbers are right but for their sign.", SIGN_NUDGE)
        else:
            yield Relation(
                "constant-factor",
                f"Every entry is {name} times what it should be.",
                "Where does the forward pass divide, or average, and over how many?",
            )


SIGN_NUDGE = "Does the forward line subtract what you differentiate by?"


def _named_factor(factor: float, it: Comparison) -> str:
    n, vocab = it.case.sizes.n, it.case.sizes.vocab
    names = {
        "-1": -1.0,
        "n": n,
        "1/n": 1 / n,
        "(n - 1)": n - 1,
        "1/(n - 1)": 1 / (n - 1),
        "n/(n - 1)": n / (n - 1),
        "(n - 1)/n": (n - 1) / n,
        "vocab": vocab,
        "1/vocab": 1 / vocab,
        "n/vocab": n / vocab,
        "2": 2.0,
        "1/2": 0.5,
    }
    for name, value in names.items():
        for sign, shown in ((1.0, name), (-1.0, f"-{name}")):
            if abs(factor - sign * value) <= 10 * it.bound * abs(value):
                return shown
    return f"{factor:.4g}"


def transposed(it: Comparison) -> Iterator[Relation]:
    """Say that rows and columns are swapped."""
    right = it.expected.value
    if it.answer.dim() == right.dim() == 2 and it.close(it.answer.T, right):
        yield Relation(
            "transposed",
            "The numbers are right, but rows and columns are swapped.",
            "A gradient has the shape of its tensor: which factor comes first?",
        )


def missing_branch(it: Comparison) -> Iterator[Relation]:
    """Say which of the lines that read the tensor has been left out."""
    reading = forward.readers(it.task)
    tensor = forward.tensor_of(it.task)
    if len(reading) < 2 or tensor is None:
        return
    wide = {k: v.double() if v.is_floating_point() else v for k, v in it.case.tensors.items()}
    upstream = {name: value.double() for name, value in it.case.upstream.items()}
    for line in reading:
        kept = tuple(other for other in reading if other is not line)
        without = forward.vjp(kept, tensor, wide, upstream)
        if it.close(it.answer, without):
            yield Relation(
                f"missing-branch-{line.makes}",
                f"The branch through {line.makes} is missing: {len(reading)} lines read {tensor}.",
                "A tensor that is read twice gets two gradients. What becomes of both?",
            )
        if it.close(it.answer, 2 * without - it.expected.value):
            yield Relation(
                f"branch-sign-{line.makes}",
                f"The branch through {line.makes} has the wrong sign.",
                f"Does a larger {tensor} make {line.makes} larger or smaller?",
            )


def not_summed(it: Comparison) -> Iterator[Relation]:
    """Say that a reduction is missing, or reduced the wrong axis."""
    right = it.expected.value
    for axis in range(it.answer.dim()):
        for keep in (True, False):
            reduced = it.answer.sum(axis, keepdim=keep)
            if reduced.shape == right.shape and it.close(reduced, right):
                yield Relation(
                    "not-summed",
                    f"The sum over axis {axis} is missing: it would make the answer right.",
                    "What was broadcast along that axis in the forward pass?",
                )
    shape, wanted = tuple(it.answer.shape), tuple(right.shape)
    swapped = len(shape) == len(wanted) == 2 and 1 in shape and 1 in wanted
    if swapped and shape.index(1) != wanted.index(1) and shape != wanted:
        yield Relation(
            "wrong-axis",
            f"The shape {shape} is that of a sum over axis {shape.index(1)}; {wanted} comes from "
            f"axis {wanted.index(1)}.",
            "Along which axis was the one number used many times?",
        )


def few_rows(it: Comparison) -> Iterator[Relation]:
    """Say which rows are wrong, if the others are right."""
    right = it.expected.value
    if it.answer.shape != right.shape or right.dim() < 2 or right.shape[0] < 4:
        return
    limit = it.bound * it.expected.unit
    wrong = ((it.answer - right).abs().flatten(1) > limit).any(1).nonzero().flatten().tolist()
    if 0 < len(wrong) <= FEW * right.shape[0]:
        shown = ", ".join(map(str, wrong[:8])) + (", ..." if len(wrong) > 8 else "")
        yield Relation(
            "few-rows",
            f"All rows are right but {len(wrong)} of {right.shape[0]}: {shown}.",
            "What do these rows have in common that the others have not?",
        )


RELATIONS: tuple[Callable[[Comparison], Iterator[Relation]], ...] = (
    not_finite,
    constant_factor,
    transposed,
    missing_branch,
    not_summed,
    few_rows,
)


def of_answer(
    task: Task, case: Case, answer: Tensor, expected: Reference, bound: float
) -> Relation | None:
    """Return the relation between a floating answer and the right one, if one of them holds."""
    wide = answer.detach().to(torch.float64)
    return first(Comparison(task, case, wide, expected, bound))
