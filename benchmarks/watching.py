"""Row 3: from the moment a file is saved to the moment its verdict is there.

Watch mode's own parts do the work: the thread that is told of saves, and the bench that grades.
What is left out is the drawing of the screen.
"""

from __future__ import annotations

import functools
import inspect
import os
import runpy
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from queue import Queue
from typing import Any
from unittest import mock

import torch

from benchmarks.figures import Figure
from benchmarks.pairs import interleaved, ran, ratios, timed
from grader import drawn, grade, in_process, reference
from grader.course import catalogue
from grader.course.catalogue import Task
from grader.options import ROOT, Options
from grader.sandbox.host.zygote import Zygote
from grader.submission import read_for_course
from grader.watch import Bench, Saves

KEYS = ("ex1", "ex2", "ex3")
PATIENCE = 60.0


def tasks() -> list[Task]:
    """Return the 28 tasks of exercises 1 to 3."""
    return [task for key in KEYS for task in catalogue.course().of_exercise(key)]


class Desk:
    """A student's folder and a watch mode without a screen."""

    def __init__(self, folder: Path, zygote: Zygote | None) -> None:
        for exercise in catalogue.course().exercises[: len(KEYS)]:
            shutil.copy(ROOT / "solutions" / exercise.file, folder)
        self._file = folder / catalogue.course().exercises[0].file
        self._bench = Bench(folder, catalogue.course(), tasks(), "names", zygote)
        self._told: Queue[float] = Queue()
        self._saves = Saves(folder, lambda: self._told.put(time.perf_counter()))
        self._saves.start()
        self._edits = 0
        self._check()

    def close(self) -> None:
        """End what follows the folder, and what grades."""
        self._saves.end()
        self._bench.close()

    def save(self, *, everything: bool) -> tuple[float, int]:
        """Save exercise 1 with one function edited; return the seconds to the verdicts that are
        waited for, and how many these are: that of the edited function, or those of all exercises.
        """
        self._edits += 1
        text = self._file.read_text(encoding="utf-8").split("    # edit ")[0].rstrip("\n")
        beside = self._file.with_suffix(".new")
        # The last function of the file gets a comment, so its text differs and nothing else does.
        beside.write_text(f"{text}\n    # edit {self._edits}\n", encoding="utf-8")
        while not self._told.empty():
            self._told.get()
        if everything:
            self._bench.forget()
        started = time.perf_counter()
        os.replace(beside, self._file)
        self._told.get(timeout=PATIENCE)
        ended, count = self._check()[0]
        return ended - started, count

    def _check(self) -> list[tuple[float, int]]:
        """Grade what changed; return when each step ended, and of how many tasks it was."""
        found = self._bench.read(time.sleep)
        steps = self._bench.check(found, None, lambda task: None)
        return [(time.perf_counter(), len(step)) for step in steps]


def solutions() -> dict[str, Callable[..., Any]]:
    """Return the reference solutions' own functions, by the full names of their tasks."""
    files = {task.exercise.file for task in tasks()}
    found = {file: runpy.run_path(str(ROOT / "solutions" / file)) for file in files}
    return {task.full_name: found[task.exercise.file][task.name] for task in tasks()}


class Bare:
    """Every call of a function and of a reference that the checks make, and nothing around them."""

    def __init__(self) -> None:
        self._calls: list[Callable[[], object]] = []
        answered, computed = in_process.InProcess.ask, reference.gradient

        own = solutions()

        def ask(self_: Any, task: Task, inputs: Any, *rest: Any, **named: Any) -> Any:
            function = own[task.full_name]
            asked = inspect.signature(function).parameters
            given = {name: inputs[name] for name in asked if name in inputs}
            self._calls.append(functools.partial(function, **given))
            return answered(self_, task, inputs, *rest, **named)

        def gradient(task: Task, case: Any) -> Any:
            self._calls.append(functools.partial(computed, task, case))
            return computed(task, case)

        drawn._kept.clear()
        names = tuple(task.full_name for task in tasks())
        options = Options("public", public_only=True, tasks=names)
        with (
            mock.patch.object(in_process.InProcess, "ask", ask),
            mock.patch.object(reference, "gradient", gradient),
        ):
            grade.grade_inline(read_for_course(ROOT / "solutions"), options)

    def __len__(self) -> int:
        return len(self._calls)

    def run(self) -> None:
        """Make all the calls again."""
        with torch.no_grad():
            for call in self._calls:
                call()


def plain(submission: Path, only: Sequence[Task]) -> list[str]:
    """Return the command that runs public checks with plain pytest: of some tasks, or of all."""
    named = [part for task in only for part in ("--task", task.full_name)]
    return [sys.executable, "-m", "benchmarks.plain", str(submission), *named]


def measure(pairs: int) -> Iterator[Figure]:
    """Compare a save with cold pytest and with the bare calls, and show how it goes."""
    torch.set_num_threads(1)
    bare = Bare()
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), Zygote("best"))
        try:
            calls = {
                "pytest": lambda: ran(plain(ROOT / "solutions", tasks())),
                "save": lambda: desk.save(everything=True)[0],
                "bare": lambda: timed(bare.run),
                "one": lambda: desk.save(everything=False)[0],
            }
            times = interleaved(pairs, calls)
        finally:
            desk.close()
    save = "save to 28 verdicts"
    yield Figure("watch", f"{save} / cold pytest", "x", ratios(times["save"], times["pytest"]), 0.1)
    found = ratios(times["save"], times["bare"])
    yield Figure("watch", f"{save} / bare calls and references", "x", found, 2.5)
    told = {"save": save, "one": "save to the verdict of the edited function", "bare": "bare calls"}
    for name, what in told.items():
        yield Figure("watch", what, "ms", [1e3 * seconds for seconds in times[name]])
