"""What a picture shows: an answer beside autograd's, where they differ, and how much that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from grader import excerpts, heat_map, reference, verdict, wording
from grader.cases import Case
from grader.corpus import ALPHABET
from grader.course import forward
from grader.course.catalogue import Task
from grader.heat_map import Cell, Flat, flat
from grader.question import Answer
from grader.sandbox.host.reply import Outcome
from grader.verdict import Kind, Verdict, squeezed

SATURATED = 0.97
"""Beyond this a tanh unit passes less than 6 % of its gradient."""

FORCES = 8
BALANCED = 1e-4


@dataclass(frozen=True)
class Forces:
    """Rows of n * dlogits, each a set of forces on the logits of one example.

    numbers (rows, vocab); sums and labels (rows,); letters names the vocabulary.
    """

    whose: str
    numbers: Tensor
    sums: Tensor
    labels: Sequence[int]
    letters: str

    @property
    def balance(self) -> str:
        """Tell whether the forces of every row cancel, as those of a right answer do."""
        cancel = self.sums.abs().max().item() < BALANCED
        return "every row sums to zero" if cancel else "rows do not sum to zero, and should"


@dataclass(frozen=True)
class Gradient:
    """A gradient to draw. Without `yours`, `said` tells why there is none."""

    title: str
    said: str
    right: Flat
    scale: float
    yours: Flat | None = None
    difference: Flat | None = None
    difference_scale: float = 1.0
    verdict: Verdict | None = None
    worst: tuple[Cell, ...] = ()
    forces: Forces | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be known to read the picture."""
        found = [self.right.note, self.yours.note if self.yours else ""]
        if self.yours is not None:
            finite = self.yours.numbers.nan_to_num(0.0, 0.0, 0.0).abs()
            if not bool(self.yours.numbers.isfinite().all()):
                found.append("entries that are inf or nan are yellow (? in text)")
            largest = finite.max().item()
            if largest > self.scale * 1.001:
                found.append(f"yours is cut off at {self.scale:.2g}; it goes up to {largest:.2g}")
        return tuple(dict.fromkeys(note for note in found if note))


@dataclass(frozen=True)
class Activations:
    """A forward tensor to draw. `saturated` (rows, columns) only where that has a meaning."""

    title: str
    said: str
    flat: Flat
    saturated: Tensor | None = None


def gradient(
    task: Task, case: Case, answer: Answer | None, bound: float, *, forces: bool = False
) -> Gradient:
    """Return the picture of a task's gradient on a case.

    answer: what the submission said; without one autograd's gradient is drawn alone. bound: the
    largest error that counts as rounding, in units of the reference. forces: add the lecture's
    picture of dlogits.
    """
    expected = reference.gradient(task, case)
    right = flat(expected.float32, case.sizes)
    title = f"{task.full_name} {case.sizes.symbols(tuple(expected.value.shape))}, {_place(case)}"
    unit = expected.unit or 1.0
    told = _silence(answer)
    if told or answer is None:
        drawn = _forces(case, "autograd's", expected.float32) if forces else None
        return Gradient(title, told, right, unit, forces=drawn)
    found = verdict.compare(answer.tensors[0], expected, bound)
    yours = flat(answer.tensors[0], case.sizes)
    said = f"{found.kind}: {wording.of_verdict(found)}"
    if found.kind.right:
        said = f"right, {found.kind}: maxdiff {found.max_abs:.1e}"
    if squeezed(found.shape) != squeezed(found.expected_shape):
        scale = heat_map.scale_for(yours.numbers, unit)
        drawn = _forces(case, "autograd's", expected.float32) if forces else None
        return Gradient(title, said, right, scale, yours, verdict=found, forces=drawn)
    laid = answer.tensors[0].detach().double().reshape(found.expected_shape)
    closest = heat_map.closest(laid, expected)
    off = laid - closest
    difference, noise = flat(off, case.sizes), bound * unit
    worst = heat_map.furthest_off(laid, closest, noise) if found.kind is Kind.WRONG else ()
    return Gradient(
        title,
        said,
        right,
        heat_map.scale_for(yours.numbers, unit),
        flat(laid, case.sizes),
        difference,
        heat_map.difference_scale(off, noise),
        found,
        worst,
        _forces(case, "yours", laid) if forces else None,
    )


def _place(case: Case) -> str:
    if case.name == "lecture":
        return "the lecture's batch, true chain"
    return "a random batch, random upstream gradients"


def _silence(answer: Answer | None) -> str:
    """Say why there is nothing of the submission to draw; nothing if there is."""
    if answer is None:
        return "autograd's gradient alone"
    message = "".join(c if c.isprintable() else " " for c in excerpts.masked(answer.message))[:400]
    if answer.outcome is Outcome.NOT_IMPLEMENTED:
        return "not written yet: this is what autograd says"
    if answer.outcome is not Outcome.OK:
        line = f" (line {answer.line})" if answer.line else ""
        return f"no answer: {message or answer.outcome}{line}; this is what autograd says"
    if not answer.tensors[0].numel():
        return f"the answer has the shape {tuple(answer.tensors[0].shape)}: nothing to draw"
    return ""


def _forces(case: Case, whose: str, dlogits: Tensor) -> Forces:
    numbers = dlogits.detach().double()[:FORCES] * case.sizes.n
    labels = case.tensors["Yb"][:FORCES].tolist()
    return Forces(whose, numbers, numbers.sum(1), labels, ALPHABET)


def activations(name: str, case: Case) -> Activations:
    """Return the picture of a forward tensor; that of `h` shows which units are saturated."""
    tensor = case.tensors[name]
    drawn = flat(tensor, case.sizes)
    place = "the lecture's batch" if case.name == "lecture" else "a random batch"
    title = f"{name} {case.sizes.symbols(tuple(tensor.shape))}, {place}"
    if name != "h":
        low, high = drawn.numbers.min().item(), drawn.numbers.max().item()
        mean, spread = drawn.numbers.mean().item(), drawn.numbers.std(correction=0).item()
        said = f"{low:.3g} to {high:.3g}, mean {mean:.3g}, standard deviation {spread:.3g}"
        return Activations(title, said, drawn)
    beyond = drawn.numbers.abs() > SATURATED
    dead = int(beyond.all(0).sum())
    said = (
        f"{100 * beyond.double().mean().item():.1f} % of {beyond.numel()} activations beyond "
        f"{SATURATED}; {dead} of {beyond.shape[1]} neurons dead in this batch"
    )
    return Activations(title, said, drawn, beyond)


def forward_names() -> tuple[str, ...]:
    """Return the names of the forward tensors that can be drawn."""
    return tuple(name for name in forward.tensors_of("ex1") if name not in ("Xb", "Yb", "loss"))


def bins(numbers: Tensor, count: int) -> tuple[list[float], list[int]]:
    """Return the edges and the counts of a histogram; of tanh's values from -1 to 1."""
    low, high = numbers.min().item(), numbers.max().item()
    if low >= -1.0 and high <= 1.0 and high - low > 1.0:
        low, high = -1.0, 1.0
    if low == high:
        low, high = low - 0.5, high + 0.5
    counts = torch.histc(numbers, count, low, high).long().tolist()
    return [low + (high - low) * k / count for k in range(count + 1)], counts
