"""What grading does, counted: a guard of its speed that no busy machine can upset.

Times vary by half on a machine that does something else; counts do not vary at all. Each bound says
what it would mean to exceed it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import click
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks import loops, training
from grader import cli, drawn, grade, reference
from grader.commands import basics
from grader.course import catalogue
from grader.course.catalogue import Task
from grader.options import ROOT, Options
from grader.sandbox.host.worker import Worker
from grader.sandbox.host.zygote import Zygote
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
    """Two public cases of each gradient, one of them once more with the same tensors, and its place
    in the chain where that is another question: 110 calls at most, one frame each.
    """
    counts = counted(SOLUTIONS, FIRST_THREE, public_only=True)
    assert 3 * 28 <= counts.calls < 3 * 28 + 26
    # Beside the calls: the sources and the order to read them, twice, and to load each file.
    assert counts.frames <= counts.calls + 2 * 2 + 3


def test_inputs_are_sent_once_for_each_call(counted):
    """A call brings what its function asks for and nothing else: less than 10 kB on average at the
    lecture's sizes, of which everything on offer would be 150 kB.
    """
    counts = counted(SOLUTIONS, FIRST_THREE, public_only=True)
    sources = sum(map(len, SOLUTIONS.files.values()))
    assert counts.bytes_sent - 2 * sources < 10_000 * counts.calls


def test_questions_are_out_before_the_first_answer_is_awaited(counted, monkeypatch):
    """All public questions of a task are asked at once, and then all hidden ones, in a process that
    was asked no public one: references are computed while the worker is at it.
    """
    order: list[str] = []
    post, receive = Worker.post, Worker.receive

    def posting(self: Worker, header: Any, *rest: Any, **named: Any) -> None:
        order.append(header["op"])
        post(self, header, *rest, **named)

    def receiving(self: Worker, *given: Any, **named: Any) -> Any:
        order.append("receive")
        return receive(self, *given, **named)

    monkeypatch.setattr(Worker, "post", posting)
    monkeypatch.setattr(Worker, "receive", receiving)
    counted(SOLUTIONS, FIRST_THREE[-1:])
    # The large batch is asked alone, since its processor time counts.
    public, hidden = (["call"] * count + ["receive"] * count for count in (3, 5))
    read, load = ["survey", "receive"], ["load", "receive"]
    assert [*read, *load, *public, *load, *hidden, "call", "receive"] == order


def test_a_task_is_one_test(counted, monkeypatch):
    """Pytest costs half a millisecond a test: the checks of a task are not tests of their own."""
    from grader import trial

    tried = []
    monkeypatch.setattr(
        trial.Court,
        "tried",
        lambda court, task, laws, each=trial.Court.tried: (
            tried.append(len(laws)) or each(court, task, laws)
        ),
    )
    counted(SOLUTIONS, FIRST_THREE)
    assert len(tried) == 28
    assert sum(tried) > 8 * len(tried)


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
    assert public.references.total() + first.references.total() > 28 * 7
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
    "importlib.metadata",
    "shutil",
    "subprocess",
    "tempfile",
    "difflib",
    "secrets",
    "logging",
    "multiprocessing",
)
"""What neither help nor hints may import: each takes longer than all that they do themselves."""

CATALOGUE = ("dataclasses", "json", "pathlib", "tomllib")
"""What reading the catalogue takes, and help has no need of."""

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


def among(modules: list[str], packages: tuple[str, ...]) -> list[str]:
    """Return those modules that are these packages, or parts of them."""
    return [m for m in modules if any(m == p or m.startswith(f"{p}.") for p in packages)]


def test_help_imports_click_and_no_command():
    """Help needs click, which with Python's own start is 85 of the 95 modules, and a table."""
    modules = imported("--help")
    assert "click" in modules
    assert among(modules, (*HEAVY, *CATALOGUE)) == []
    assert set(among(modules, ("grader",))) <= {
        "grader",
        "grader.commands",
        "grader.commands.basics",
        "grader.errors",
        "grader.parts",
    }
    assert len(modules) <= 110


def test_a_hint_imports_next_to_nothing(tmp_path):
    """A hint needs the catalogue beside what help needs, and its own command alone."""
    modules = imported("hint", "dcounts", BACKPROP_NINJA_STATE=str(tmp_path / "state.json"))
    assert among(modules, HEAVY) == []
    assert among(modules, ("grader.commands.common",)) == []  # which all other commands import
    assert "grader.hints" in modules
    assert len(modules) <= 140


@pytest.mark.parametrize("width", [60, 78, 1000])
def test_the_list_of_commands_says_what_each_says_of_itself(width):
    """The table that help is made of holds the first sentence of each command's own help."""
    context = click.Context(cli.main)
    for name in cli.main.list_commands(context):
        command = cli.main.get_command(context, name)
        assert command is not None
        told = click.Command(name, help=cli.PURPOSES[name]).get_short_help_str(width)
        assert told == command.get_short_help_str(width)
        assert not command.hidden


@pytest.mark.parametrize("width", ["40", "72", "80", "200", "none", ""])
def test_help_is_laid_out_as_click_does(width, monkeypatch):
    """The list, and the width that is found without `shutil`, are what click itself would make."""
    monkeypatch.setenv("COLUMNS", width)
    context = click.Context(cli.main)
    commands = [cli.main.get_command(context, name) for name in cli.main.list_commands(context)]
    as_click = click.Group(
        "main",
        [command for command in commands if command is not None],
        params=cli.main.params,
        help=cli.main.help,
        epilog=cli.main.epilog,
        context_settings=cli.main.context_settings,
    )
    own, expected = (
        group.get_help(group.make_context("grader", [], resilient_parsing=True))
        for group in (cli.main, as_click)
    )
    assert own == expected
    assert "Commands:" in own
    assert basics.columns() == shutil.get_terminal_size().columns


def test_a_check_imports_no_more_than_it_needs():
    """What draws, writes pages or spreads over machines stays out of a check; sympy alone, which
    torch imports where it is let, takes 0.3 s.
    """
    modules = imported("check", "ex1.dh", "--path", str(ROOT / "solutions"))
    assert among(modules, OTHERS) == []
    assert not [name for name in modules if name.startswith(("torch._dynamo", "torch._inductor"))]
