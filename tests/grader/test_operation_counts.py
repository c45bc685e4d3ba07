"""What grading does, counted: a guard of its speed that no busy machine can upset.

Times vary by half on a machine that does something else; counts do not vary at all. Each bound says
what it would mean to exceed it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks import loops, training
from grader import drawn, grade, judge, reference
from grader.course import catalogue
from grader.course.catalogue import Task
from grader.options import ROOT, Options
from grader.sandbox.client import Zygote
from grader.sandbox.conversation import Worker
from grader.submission import Submission, read_for_course

SOLUTIONS = read_for_course(ROOT / "solutions")
FIRST_THREE = tuple(
    task for key in ("ex1", "ex2", "ex3") for task in catalogue.course().of_exercise(key)
)


@dataclass
class Counts:
    """What was counted while a submission was graded."""

    forks: int = 0
    calls: int = 0
    frames: int = 0
    bytes_sent: int = 0
    references: Counter[tuple[str, str]] = field(default_factory=Counter)


@pytest.fixture
def counted(zygote, monkeypatch) -> Callable[..., Counts]:
    """Return a function that grades and counts, as if nothing had been graded before."""
    counts = Counts()
    fork, post, gradient = Zygote.fork, Worker.post, reference.gradient

    def forking(self: Zygote) -> Worker:
        counts.forks += 1
        return fork(self)

    def posting(self: Worker, header: Any, parts: Any = (), before: bytes = b"") -> None:
        counts.calls += header["op"] == "call"
        counts.frames += 1 + bool(before)
        counts.bytes_sent += sum(map(len, parts)) + len(before)
        post(self, header, parts, before)

    def computing(task: Task, case: Any) -> Any:
        counts.references[task.full_name, case.name] += 1
        return gradient(task, case)

    monkeypatch.setattr(Zygote, "fork", forking)
    monkeypatch.setattr(Worker, "post", posting)
    monkeypatch.setattr(reference, "gradient", computing)
    # A reference that a busy machine made slow is computed again, for the sake of its deadline.
    monkeypatch.setattr(judge, "DEADLINE_FACTOR", 0.0)
    drawn._kept.clear()

    def graded(submission: Submission, tasks: tuple[Task, ...], **options: Any) -> Counts:
        nonlocal counts
        counts = Counts()
        names = tuple(task.full_name for task in tasks)
        report = grade.grade_one(submission, zygote, Options("counts", tasks=names, **options))
        assert {task.status for task in report.tasks} == {"passed"}
        return counts

    return graded


# Processes and messages


def test_plain_code_takes_two_processes(counted):
    """One reads the sources and one answers for all 28 tasks; more of them cost more than the
    tasks do.
    """
    assert counted(SOLUTIONS, FIRST_THREE, public_only=True).forks == 2


def test_other_code_takes_a_process_for_each_task_and_no_more(counted):
    """What might leave something behind gets a process of its own, which is all it gets."""
    files = dict(SOLUTIONS.files)
    files["ex2_cross_entropy.py"] += b"\nprint(__name__)\n"
    tasks = FIRST_THREE[-3:]
    assert counted(Submission("mine", files, "1" * 64), tasks, public_only=True).forks <= 1 + 3


def test_a_question_is_asked_once(counted):
    """Two public cases of each gradient, and its place in the chain: 82 calls, one frame each;
    the check that inputs are kept goes by an answer that is there already.
    """
    counts = counted(SOLUTIONS, FIRST_THREE, public_only=True)
    assert counts.calls == 2 * 28 + 26
    # Beside the calls: the sources and the order to read them, twice, and to load each file.
    assert counts.frames <= counts.calls + 2 * 2 + 3


def test_inputs_are_sent_once_for_each_call(counted):
    """A call brings what its function asks for and nothing else: less than 10 kB on average at the
    lecture's sizes, of which everything on offer would be 150 kB.
    """
    counts = counted(SOLUTIONS, FIRST_THREE, public_only=True)
    sources = sum(map(len, SOLUTIONS.files.values()))
    assert counts.bytes_sent - 2 * sources < 10_000 * counts.calls


# References


def test_a_reference_is_computed_once(counted):
    """Autograd is asked once for each task and case, and once more for the chain's own verdict."""
    counts = counted(SOLUTIONS, FIRST_THREE)
    again = {key for key, count in counts.references.items() if count > 1}
    assert {(name.split(".")[0], case) for name, case in again} <= {("ex1", "lecture")}
    assert max(counts.references.values()) <= 2


def test_references_are_kept_from_one_submission_to_the_next(counted):
    """In a cohort the seed is the same, so nothing is computed again but for the chain."""
    public = counted(SOLUTIONS, FIRST_THREE, public_only=True)
    first = counted(SOLUTIONS, FIRST_THREE)
    second = counted(SOLUTIONS, FIRST_THREE)
    assert public.references.total() + first.references.total() > 300
    assert second.references.total() <= 26


# Training


class Operations(TorchDispatchMode):
    """Counts the operations that torch dispatches, and those that make a tensor of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.all, self.making = 0, 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        self.all += 1
        given = {id(value) for value in tensors_in((args, kwargs or {}))}
        storages = {v.untyped_storage().data_ptr() for v in tensors_in((args, kwargs or {}))}
        for value in tensors_in(result):
            own = value.untyped_storage().data_ptr() not in storages
            self.making += id(value) not in given and own
        return result


def tensors_in(value: Any) -> Iterator[torch.Tensor]:
    """Yield every tensor in nested lists and dicts."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_in(item)
    elif isinstance(value, dict):
        yield from tensors_in(list(value.values()))


def of_a_step(loop: Callable[[loops.Given], Any]) -> tuple[int, int]:
    """Return how many operations a step of a loop takes, and how many of them make a tensor."""
    totals = []
    for steps in (3, 4):
        run = training.given(64, steps)
        with torch.no_grad(), Operations() as operations:
            loop(run)
        totals.append((operations.all, operations.making))
    (fewer, made), (more, made_more) = totals
    return more - fewer, made_more - made


def test_a_step_of_the_tuned_loop_allocates_nothing():
    """Every result has its place: an allocation would cost what an operation costs. And there are
    few operations: 40, those that only make a view included. The readable loop takes 64.
    """
    operations, making = of_a_step(training.loops_to_compare()["tuned"])
    assert making == 0
    assert operations <= 45


def test_the_order_of_the_loops():
    """By operations a step, the tuned loop is before the readable one, and that before autograd."""
    found = training.loops_to_compare()
    steps = {name: of_a_step(found[name]) for name in ("tuned", "readable", "autograd")}
    making = [steps[name][1] for name in ("tuned", "readable", "autograd")]
    assert making == sorted(making)
    assert steps["tuned"][0] < steps["readable"][0] < steps["autograd"][0]


# Imports

HEAVY = (
    "torch",
    "numpy",
    "pydantic",
    "pytest",
    "_pytest",
    "rich",
    "jinja2",
    "matplotlib",
    "asyncio",
)
OTHERS = ("matplotlib", "nbformat", "sympy", "networkx", "jinja2", "distributed", "IPython", "yaml")


def imported(*arguments: str, **environment: str) -> list[str]:
    """Return the modules that a command imports, one by one as Python itself tells them."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "grader.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return re.findall(r"^import time: +\d+ \| +\d+ \| +(\S+)$", done.stderr, re.MULTILINE)


@pytest.mark.parametrize("arguments", [["--help"], ["hint", "dcounts"]])
def test_help_and_hints_import_next_to_nothing(arguments, tmp_path):
    """Help and hints need click and the catalogue: about 150 modules in all, of which 25 are
    Python's own start. What would bring many more is too much for either.
    """
    modules = imported(*arguments, BACKPROP_NINJA_STATE=str(tmp_path / "state.json"))
    assert {name.split(".")[0] for name in modules} & set(HEAVY) == set()
    assert "click" in modules
    assert len(modules) <= 180


def test_a_check_imports_no_more_than_it_needs():
    """What draws, writes pages or spreads over machines stays out of a check; sympy alone, which
    torch imports where it is let, takes 0.3 s.
    """
    modules = imported("check", "ex1.dh", "--path", str(ROOT / "solutions"))
    assert {name.split(".")[0] for name in modules} & set(OTHERS) == set()
    assert not [name for name in modules if name.startswith(("torch._dynamo", "torch._inductor"))]
