"""Check a tensor that a notebook computed at top level, as the lecture's own `cmp` does.

The forward tensors are the notebook's own, found by their names; autograd's gradient follows from
them through the course's forward lines, on the true chain from the loss down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from grader import diagnosis, heat_map, reference, verdict, wording
from grader.cases import Case
from grader.course import aliases, catalogue, forward
from grader.course.catalogue import Task
from grader.course.network import PARAMETERS, Sizes
from grader.question import Answer
from grader.reference import Reference
from grader.report import Check, Diagnosis, Figures, Picture, TaskReport
from grader.sandbox.host.reply import Outcome
from grader.verdict import Kind, Verdict

LEAVES = ("Xb", "Yb", *PARAMETERS)
STALE = 1e-3
"""A forward tensor that is further than this from what its line gives, in units of the largest
entry, was computed from other tensors."""

TITLE = "Equal to autograd's gradient on the notebook's own forward pass."
CANCELS = (
    "on the true chain this gradient is zero but for rounding, and almost anything small agrees "
    "with it; written as a function it is checked with any upstream gradient"
)


class NoForward(ValueError):
    """A notebook without the tensors that a comparison needs, and what to do."""


@dataclass(frozen=True)
class Comparison:
    """A task's gradient on a notebook's own forward pass, and what there is to say about it."""

    found: Verdict
    told: Diagnosis | None
    notes: tuple[str, ...]
    picture: Picture | None


def known(name: str, namespace: Mapping[str, Any], known_names: frozenset[str]) -> Tensor | None:
    """Return the tensor that the namespace has under a name of the course, in any spelling."""
    if isinstance(namespace.get(name), Tensor):
        return namespace[name].detach()  # type: ignore[no-any-return]
    for own, value in namespace.items():
        if isinstance(value, Tensor) and aliases.canonical(own, known_names) == name:
            return value.detach()
    return None


def forward_pass(namespace: Mapping[str, Any]) -> tuple[dict[str, Tensor], list[str]]:
    """Return every forward tensor by its name, and those that are not what their line gives.

    A tensor that the notebook does not have is computed by its line. Raises NoForward if there is
    no batch or no network.
    """
    names = frozenset(forward.tensors_of(forward.BASE))
    found = {name: known(name, namespace, names) for name in LEAVES}
    lacking = [name for name, tensor in found.items() if tensor is None]
    if lacking:
        raise NoForward(f"there is no {', '.join(lacking)} here: run the cells of the forward pass")
    tensors = {name: tensor for name, tensor in found.items() if tensor is not None}
    stale = []
    for name, line in forward.spec(forward.BASE).lines.items():
        try:
            made = line(tensors)
        except (RuntimeError, IndexError) as error:
            raise NoForward(f"`{line.text}` does not run on the tensors here: {error}") from None
        own = known(name, namespace, names)
        if own is not None and not _close(own, made):
            stale.append(name)
        fits = own is not None and own.shape == made.shape and own.is_floating_point()
        tensors[name] = own if own is not None and fits else made
    return tensors, stale


def _close(own: Tensor, made: Tensor) -> bool:
    if own.shape != made.shape:
        return False
    off = (own.double() - made.double()).abs().max().item()
    return off <= STALE * max(made.double().abs().max().item(), 1e-12)


def compare(task: Task, answer: Tensor, namespace: Mapping[str, Any]) -> Comparison:
    """Compare a tensor with autograd's gradient. Raises NoForward, as `forward_pass` does."""
    bound = catalogue.course().bound
    tensors, stale = forward_pass(namespace)
    truth = {kind: forward.chain(_as(kind, tensors)) for kind in (torch.float64, torch.float32)}
    wide, narrow = (truth[kind][task.name] for kind in (torch.float64, torch.float32))
    expected = Reference(wide, (), reference.unit_of(wide, narrow), narrow)
    found = verdict.compare(answer.detach(), expected, bound)
    notes = [f"{name} is not what its forward line gives: run that cell again" for name in stale]
    if found.kind is Kind.SHAPE:
        notes.append(wording.of_verdict(found))
    if not found.kind.right and found.kind is not Kind.SHAPE:
        told, further = _why(task, answer.detach(), tensors, truth[torch.float32], namespace)
        picture = _picture(task, answer, expected, found, tensors)
        return Comparison(found, told, (*notes, *further), picture)
    if expected.unit > wide.abs().max().item():
        notes.append(CANCELS)
    return Comparison(found, None, tuple(notes), None)


def _as(kind: torch.dtype, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {k: v.to(kind) if v.is_floating_point() else v for k, v in tensors.items()}


def _why(
    task: Task,
    answer: Tensor,
    tensors: Mapping[str, Tensor],
    truth: Mapping[str, Tensor],
    namespace: Mapping[str, Any],
) -> tuple[Diagnosis | None, list[str]]:
    """Judge the line by itself, with the upstream gradients that the notebook gave it."""
    upstream, wrong = dict(truth), []
    for name in forward.upstream_names(task):
        own = known(name, namespace, frozenset(truth))
        if own is None or own.numel() != truth[name].numel() or name == "dloss":
            continue
        upstream[name] = own.to(truth[name].dtype).reshape(truth[name].shape)
        if not _close(upstream[name], truth[name]):
            wrong.append(name)
    case = Case(
        "yours", task.exercise.key, sizes_of(tensors), _as(torch.float32, tensors), upstream
    )
    local = reference.gradient(task, case)
    if wrong and verdict.compare(answer, local, catalogue.course().bound).kind is not Kind.WRONG:
        names = ", ".join(wrong)
        return None, [f"the line is right for what it was given; the mistake is before it: {names}"]
    told = diagnosis.of_gradient(task, case, Answer(Outcome.OK, tensors=[answer]), local)
    return Diagnosis(**told.as_dict()) if told else None, []


def sizes_of(tensors: Mapping[str, Tensor]) -> Sizes:
    """Return the sizes of a notebook's network and batch."""
    (n, block_size), (vocab, n_embd) = tensors["Xb"].shape, tensors["C"].shape
    return Sizes(n, vocab, n_embd, block_size, tensors["W1"].shape[-1])


def _picture(
    task: Task,
    answer: Tensor,
    expected: Reference,
    found: Verdict,
    tensors: Mapping[str, Tensor],
) -> Picture | None:
    if answer.numel() != expected.value.numel() or answer.numel() < 2:
        return None
    if not answer.is_floating_point():
        return None
    bound, sizes = catalogue.course().bound, sizes_of(tensors)
    return Picture(**heat_map.for_report("yours", answer, expected, bound, sizes))


def report(
    task: Task, answer: Tensor, namespace: Mapping[str, Any]
) -> tuple[TaskReport, list[str]]:
    """Return the comparison as a report on the task, and what else there is to say.

    Raises NoForward, as `forward_pass` does.
    """
    it = compare(task, answer, namespace)
    right = it.found.kind.right or it.found.kind is Kind.SHAPE
    message = "" if right else wording.of_verdict(it.found)
    figures = {**it.found.as_dict(), "case": "yours"}
    check = Check(
        name="cmp",
        title=TITLE,
        visibility="public",
        part=None,
        status="passed" if right else "failed",
        message=message,
        diagnosis=it.told,
        line=None,
        traceback="",
        figures=[Figures(**figures)],
        facts={},
        picture=it.picture,
    )
    return told(task, check.status, message, [check], it.told), list(it.notes)


def told(
    task: Task,
    status: Any,
    message: str,
    checks: list[Check] | None = None,
    why: Diagnosis | None = None,
) -> TaskReport:
    """Return a report on a task that no function answers. There are no points in a notebook."""
    figures = [figure for check in checks or [] for figure in check.figures]
    return TaskReport(
        name=task.name,
        exercise=task.exercise.key,
        full_name=task.full_name,
        status=status,
        points=0.0,
        max_points=task.points,
        is_bonus=task.bonus,
        max_relative_error=figures[0].error if figures else None,
        max_abs_error=figures[0].max_abs if figures else None,
        message=message,
        diagnosis=why,
        file=None,
        line=None,
        traceback="",
        output="",
        parts={},
        checks=checks or [],
        duration_s=0.0,
    )


def candidates(name: str) -> Iterator[Task]:
    """Yield the tasks whose gradient a tensor of this name can be, the first exercise first."""
    course = catalogue.course()
    gradients = {f"d{tensor}" for tensor in forward.tensors_of(forward.BASE)}
    own = aliases.canonical(name, gradients)
    for task in course.tasks:
        if task.name == own and own in gradients and not task.bonus:
            yield task
