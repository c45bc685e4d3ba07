"""The laws of the course: what must hold whatever is changed. `grader dev check` runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from grader import grade, sync, trial
from grader.course import aliases, catalogue, forward, misconceptions
from grader.course.catalogue import Task
from grader.course.misconceptions import Misconception
from grader.givens import Givens
from grader.in_process import InProcess
from grader.judge import Record
from grader.options import ROOT, Options
from grader.report import Report
from grader.sandbox.host.zygote import Zygote
from grader.submission import Submission, read_for_course
from grader.trial import Court, Law

SEED, CORPUS = "laws", "names"
MIN_HINTS = 3


def hold() -> Iterator[tuple[str, list[str]]]:
    """Yield each law with what breaks it."""
    yield "every task's name is its own, and no other spelling of another's", names()
    yield f"every task has at least {MIN_HINTS} hints", hints()
    yield "the points of all tasks but a bonus add up to 100", points()
    yield "every task follows from a forward line or a function of its exercise", derivation()
    yield "every generated file is in sync", [str(p) for p in sync.drift()]
    yield "exercises and solutions hold the same files and no others", files()
    yield "every misconception fails a check of its own task", list(survivors())
    with Zygote() as zygote:
        yield "every stub fails", unless_zero(graded(zygote, ROOT / "exercises"))
        zeros = grade.grade_one(zeros_submission(), zygote, Options(seed=SEED))
        yield "shape-correct zeros score 0", unless_zero(zeros)
        yield "every solution passes", unless_full(graded(zygote, ROOT / "solutions"))


def names() -> list[str]:
    """Return the names that are another spelling of something else."""
    tasks = {task.name for task in catalogue.course().tasks}
    return sorted(
        name for name in tasks if aliases.canonical(name, set()) not in (name, "d" + name)
    )


def hints() -> list[str]:
    """Return the tasks that have too few hints."""
    tasks = catalogue.course().tasks
    return [task.full_name for task in tasks if len(task.hints) < MIN_HINTS]


def points() -> list[str]:
    """Return what the points add up to, if it is not 100, and parts that do not add up."""
    tasks = catalogue.course().tasks
    total = sum(task.points for task in tasks if not task.bonus)
    problems = [] if total == 100 else [f"they add up to {total:g}"]
    for task in tasks:
        if task.parts and sum(task.parts.values()) != task.points:
            problems.append(f"the parts of {task.full_name} add up to something else")
    return problems


def derivation() -> list[str]:
    """Return the tasks that follow from nothing."""
    problems = []
    for task in catalogue.course().tasks:
        try:
            forward.tensor_of(task)
        except ValueError as error:
            problems.append(str(error))
    return problems


def files() -> list[str]:
    """Return the files that are in one of the folders only, or in none of the exercises."""
    wanted = {exercise.file for exercise in catalogue.course().exercises}
    problems = []
    for folder in ("exercises", "solutions"):
        found = {path.name for path in (ROOT / folder).glob("*.py")}
        problems += [f"{folder}/{name}: stray" for name in sorted(found - wanted)]
        problems += [f"{folder}/{name}: missing" for name in sorted(wanted - found)]
    return problems


def graded(zygote: Zygote, path: Path) -> Report:
    """Grade a folder of the project as any submission is graded."""
    return grade.grade_one(read_for_course(path), zygote, Options(seed=SEED))


def unless_zero(report: Report) -> list[str]:
    """Return the tasks that earned something."""
    return [f"{t.full_name}: {t.points:g} points" for t in report.tasks if t.points]


def unless_full(report: Report) -> list[str]:
    """Return the tasks that did not earn everything."""
    return [
        f"{task.full_name}: {task.status}: {task.message}"
        for task in report.tasks
        if task.points != task.max_points
    ]


ZEROS = {
    "backward": "return tuple(map(torch.zeros_like, (C, W1, b1, W2, b2, bngain, bnbias)))",
    "train": "return tuple(map(torch.zeros_like, (C, W1, b1, W2, b2, bngain, bnbias)))",
    "calibrate_batchnorm": "return torch.zeros(1, len(b1)), torch.zeros(1, len(b1))",
    "evaluate": "return torch.zeros(())",
    "sample": "return [''] * count",
    "numerical_gradient": "return torch.zeros_like(x).double()",
    "clip_gradients": "return [torch.zeros_like(gradient) for gradient in gradients]",
    "saturation": "return torch.zeros(()), torch.zeros(())",
    "embedding_backward": "return torch.zeros(vocab, demb.shape[-1])",
    "train_fast": "return tuple(map(torch.zeros_like, (C, W1, b1, W2, b2, bngain, bnbias)))",
}


def zeros_submission() -> Submission:
    """Return a submission whose every answer is a zero of the right shape."""
    sources: dict[str, bytes] = {}
    for exercise in catalogue.course().exercises:
        lines = ["import torch"]
        for task in catalogue.course().of_exercise(exercise.key):
            tensor = forward.tensor_of(task)
            asked = tensor or ", ".join(forward.offers(task))
            body = f"return torch.zeros_like({tensor})" if tensor else ZEROS[task.name]
            lines += [f"def {task.name}({asked}):", f"    {body}"]
        sources[exercise.file] = "\n".join(lines).encode()
    return Submission("zeros", sources, "0" * 64)


# Misconceptions: each wrong formula goes through the same checks as a submission would.


def checks_of(task: Task) -> list[Law]:
    """Return the scored checks of a task whose answer is a function, public ones first."""
    return [law for law in trial.every_law() if law.scored and law.holds_for(task)]


def first_failure(task: Task, function: Callable[..., Any]) -> Record | None:
    """Put a trusted function through the checks of a task; return the record of the first failure,
    or None if it passes them all. What the grader itself fails with is raised.
    """
    torch.set_num_threads(1)  # as in grading: processor time is not spread over several
    court = Court(InProcess(catalogue.course(), function), Givens(SEED, CORPUS))
    for tried in court.tried(task, checks_of(task)):
        if tried.fault is not None:
            raise tried.fault
        if tried.judge.record.status != "passed":
            return tried.judge.record
    return None


def survivors() -> Iterator[str]:
    """Yield the misconceptions that no check of their task catches."""
    for entry in misconceptions.bank():
        if fate(entry) is None:
            yield f"{entry.id} passes every check"


def fate(entry: Misconception) -> Record | None:
    """Return the record of the check that catches a misconception, or None."""
    return first_failure(catalogue.course().resolve(entry.task), entry.formula)
