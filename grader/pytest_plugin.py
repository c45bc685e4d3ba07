"""The pytest plugin: a task is a test, and each of its checks leaves a record.

See `grader/trial.py` for what a check is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.course.catalogue import Task
from grader.examiner import Examiner
from grader.givens import Givens
from grader.judge import PROPERTY
from grader.options import HIDDEN, PUBLIC
from grader.trial import MARKER, Court, Law, laws_of


class ChecksFailed(Exception):
    """Some checks of a task were not passed; it says which, and why."""


class Checks(pytest.File):
    """A file of checks."""

    plugin: CoursePlugin

    def collect(self) -> Iterator[pytest.Item]:
        """Yield a test for each task that a check of this file holds for."""
        laws = laws_of(self.path)
        for task in self.plugin.tasks:
            flat = self.plugin.examination.is_flat(task)
            own = [law for law in laws if law.holds_for(task, flat=flat)]
            if own:
                item = TaskItem.from_parent(self, name=task.label)
                item.task, item.laws = task, own
                yield item


class TaskItem(pytest.Item):
    """The checks for one task: those of its file, and later those of the other files, too."""

    task: Task
    laws: list[Law]
    parent: Checks

    def runtest(self) -> None:
        """Put the checks; their records become properties of the test."""
        trials = self.parent.plugin.court.tried(self.task, self.laws)
        for trial in trials:
            self.user_properties.append((PROPERTY, trial.as_dict()))
        for trial in trials:
            if trial.fault is not None:
                raise trial.fault
        failed = [trial for trial in trials if trial.judge.record.status != "passed"]
        if failed:
            told = (f"{trial.law.name}: {trial.judge.record.message}" for trial in failed)
            raise ChecksFailed("\n".join(told))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the checks' messages alone: the grader's frames would help nobody."""
        if isinstance(excinfo.value, ChecksFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where the first of the checks is, and the task."""
        return self.path, self.laws[0].function.__code__.co_firstlineno, self.task.full_name


class CoursePlugin:
    """Serves the checks of one examination."""

    def __init__(
        self,
        examination: Examiner,
        *,
        seed: str,
        corpus: str,
        tasks: tuple[Task, ...] | None = None,
        on_task: Callable[[Task], None] | None = None,
    ) -> None:
        self.examination = examination
        self.tasks = examination.course.tasks if tasks is None else tasks
        self.court = Court(examination, Givens(seed, corpus))
        self._on_task = on_task or (lambda task: None)
        names = [task.full_name for task in self.tasks]
        self._place = {name: index for index, name in enumerate(names)}
        self._following = dict(zip(names, self.tasks[1:], strict=False))

    def pytest_configure(self, config: pytest.Config) -> None:
        """Make the marker known."""
        config.addinivalue_line("markers", MARKER)

    def pytest_pycollect_makemodule(
        self, module_path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        """Collect tasks from the files of checks; all others are as usual."""
        path = module_path.resolve()
        if path.parent not in (PUBLIC, HIDDEN):
            return None
        checks = Checks.from_parent(parent, path=path)
        checks.plugin = self
        return checks

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put the tests of a task together, public checks first, and the tasks into their order: a
        chain needs it. What remains is one test for each task.
        """
        found: dict[str, TaskItem] = {}
        for item in [item for item in items if isinstance(item, TaskItem)]:
            if item.task.full_name in found:
                found[item.task.full_name].laws += item.laws
                items.remove(item)
            else:
                found[item.task.full_name] = item
        items.sort(key=lambda item: self._place.get(_task_of(item), -1))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Iterator[None]:
        """Start the next task's worker early; after a task's checks, let go of its own."""
        name = _task_of(item)
        if name in self._following:
            self.examination.prepare(self._following[name])
        result = yield
        if isinstance(item, TaskItem):
            self.examination.close()
            self.court.asked.clear()
            self._on_task(item.task)
        return result


def _task_of(item: pytest.Item | None) -> str:
    return item.task.full_name if isinstance(item, TaskItem) else ""
