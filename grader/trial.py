"""A trial: the checks of one task, put to one submission.

A check is a test function with the marker `law(*selection, part=None, scored=True,
form="function")`. It holds for each task that the selection names: `"gradients"` for every
gradient, an exercise's key, or the full name of a task. `form` says for which answers: functions,
lines of a `"flat"` notebook, or `"any"`. Checks in `tests/hidden` are hidden, all others public.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from grader.course import forward
from grader.course.catalogue import Task
from grader.examiner import Asked
from grader.givens import Givens
from grader.judge import CheckFailed, Judge, Record
from grader.options import HIDDEN, PUBLIC

MARKER = (
    'law(*selection, part=None, scored=True, form="function"): a check that holds for each of '
    "these tasks"
)


@dataclass(frozen=True)
class Law:
    """A check, and what its marker says of it."""

    function: Callable[..., None]
    selection: tuple[str, ...]
    visibility: str
    part: str | None = None
    scored: bool = True
    form: str = "function"

    @property
    def name(self) -> str:
        """Return the name of the function."""
        return self.function.__name__

    def about(self) -> dict[str, Any]:
        """Return what a report says of the check, whatever comes of it."""
        return {
            "law": self.name,
            "title": (self.function.__doc__ or "").strip().split("\n")[0],
            "part": self.part,
            "scored": self.scored,
            "visibility": self.visibility,
        }

    def holds_for(self, task: Task, *, flat: bool = False) -> bool:
        """Tell whether it is a check of a task whose answer is a function, or flat lines."""
        if self.form not in ("any", "flat" if flat else "function"):
            return False
        is_gradient = forward.tensor_of(task) is not None
        named = {task.exercise.key, task.full_name, *(["gradients"] if is_gradient else [])}
        return not named.isdisjoint(self.selection)


@functools.cache
def laws_of(path: Path) -> tuple[Law, ...]:
    """Return the checks of a file in their order."""
    visibility = "hidden" if path.parent == HIDDEN else "public"
    found = []
    for name, function in vars(_module(path)).items():
        marks = [mark for mark in getattr(function, "pytestmark", ()) if mark.name == "law"]
        if name.startswith("test_") and marks:
            found.append(Law(function, marks[0].args, visibility, **marks[0].kwargs))
    return tuple(found)


def _module(path: Path) -> ModuleType:
    name = f"checks_{path.parent.name}_{path.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[name] = module
    return sys.modules[name]


@dataclass
class Trial:
    """One check before one judge. fault: what the grader itself failed with."""

    law: Law
    judge: Judge
    fault: Exception | None = None
    _over: bool = False

    def attempt(self, step: Callable[[], object]) -> None:
        """Go on with the check, unless it is over. Only the judge's word makes it one that failed:
        whatever else goes wrong is the grader's fault.
        """
        if self._over:
            return
        try:
            step()
        except CheckFailed:
            self._over = True
        except Exception as error:
            self._over, self.fault = True, error
            record = self.judge.record
            record.status = "infrastructure"
            record.message = f"the grader failed: {type(error).__name__}: {error}"[:500]

    def end(self) -> None:
        """Take note that a check which came to its end has passed."""
        if not self._over:
            self.judge.record.status = "passed"

    def as_dict(self) -> dict[str, Any]:
        """Return what a report is to say of the check, as plain data."""
        return {**self.law.about(), **self.judge.record.as_dict()}


@dataclass
class Court:
    """Tries one task after another.

    asked: what the task was asked so far, by case. drawn: the tasks of which there is a picture;
    one a task is enough, that of the first check that fails.
    """

    examination: Any
    givens: Givens
    asked: dict[tuple[str, str], Asked] = field(default_factory=dict)
    drawn: set[str] = field(default_factory=set)

    def tried(self, task: Task, laws: Sequence[Law]) -> list[Trial]:
        """Put checks to a task: the public ones first, and what they show is settled before the
        submission sees anything of a hidden one.
        """
        trials = [Trial(law, self._judge(task)) for law in laws]
        for visibility in ("public", "hidden"):
            self.examination.turn_to(visibility)
            self._try([trial for trial in trials if trial.law.visibility == visibility])
        return trials

    def _try(self, trials: Sequence[Trial]) -> None:
        """Ask all questions first, as far as they can be asked without knowing an answer, so that
        references are computed while the submission's worker is at them.
        """
        for trial in trials:
            self._go_on(trial, functools.partial(self._put, trial))
        for trial in trials:
            self._go_on(trial, trial.judge.settle)
            trial.end()

    def _judge(self, task: Task) -> Judge:
        record = Record(task.full_name, status="infrastructure")
        return Judge(self.examination, task, record, self.asked)

    def _put(self, trial: Trial) -> None:
        given = self.givens.of(trial.law.function, trial.judge.task)
        trial.law.function(judge=trial.judge, **given)

    def _go_on(self, trial: Trial, step: Callable[[], object]) -> None:
        name = trial.judge.task.full_name
        trial.judge.draws = name not in self.drawn
        trial.attempt(step)
        if trial.judge.record.picture is not None:
            self.drawn.add(name)


def every_law() -> Iterator[Law]:
    """Yield the checks of the course, public ones first."""
    for folder in (PUBLIC, HIDDEN):
        for path in sorted(folder.glob("test_*.py")):
            yield from laws_of(path)
