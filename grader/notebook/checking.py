"""The check of a notebook's cell: find what is meant, check it as it is written, say what is wrong.

A function is put to the public checks, a tensor is compared on the notebook's own forward pass. The
kernel's settings are afterwards what they were before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from types import FunctionType
from typing import Any

import torch
from torch import Tensor

from grader import hints
from grader.course import aliases, catalogue
from grader.course.catalogue import Task
from grader.errors import Interrupted, UnknownTask
from grader.notebook import functions, tensors
from grader.notebook.showing import Progress, Result, Said
from grader.report import TaskReport

_session: dict[str, TaskReport] = {}
"""The last report on every task that was checked in this session, by its full name."""


def check(what: object, namespace: Mapping[str, Any]) -> Result | Said:
    """Check a gradient and return what there is to see.

    what: the name of a task, or the function or tensor itself. namespace: the notebook's variables.
    """
    name = what if isinstance(what, str) else _name_of(what, namespace)
    if not name:
        return Said(f"check a gradient by its name, such as check('dlogits'), not {_kind(what)}")
    try:
        found = _meant(name, namespace) if isinstance(what, str) else what
        tasks = _tasks(name, found)
    except UnknownTask as error:
        return Said(str(error))
    with _as_before():
        report, notes = _report(tasks[0].name, tasks, found, namespace)
    _session.pop(report.full_name, None)  # what was checked last comes last
    _session[report.full_name] = report
    right = report.status == "passed"
    return Result(report, "" if right else hints.next_hint(report.full_name), tuple(notes))


def _report(
    name: str, tasks: list[Task], found: object, namespace: Mapping[str, Any]
) -> tuple[TaskReport, list[str]]:
    """Return a report on the first task that what was found fits."""
    if found is None:
        told = f"there is no {tasks[0].name} yet: run the cell that defines it"
        return tensors.told(tasks[0], "not_attempted", told), []
    if isinstance(found, Tensor):
        return _on_tensor(name, tasks, found, namespace)
    if not isinstance(found, FunctionType):
        told = f"{name} is {_kind(found)}: a gradient is a function or a tensor"
        return tensors.told(tasks[0], "error", told), []
    fitting = functions.fitting(name, found)
    task = next((task for task in tasks if task in fitting), None)
    if task is None:
        others = " or ".join(other.full_name for other in fitting) or "no task"
        told = (
            f"the {name} here is that of {others}, by what it asks for: run the cell of "
            f"{tasks[0].full_name} again"
        )
        return tensors.told(tasks[0], "error", told), []
    try:
        report = functions.check(task, name, found)
    except Interrupted:
        raise KeyboardInterrupt from None
    notes = [
        f"{name} reads {own} from the notebook: when it is graded there is no such variable; "
        "make it a parameter"
        for own in functions.borrowed(task, found)
    ]
    return report, notes


def _on_tensor(
    name: str, tasks: list[Task], found: Tensor, namespace: Mapping[str, Any]
) -> tuple[TaskReport, list[str]]:
    known = {task.full_name for task in tensors.candidates(name)}
    task = next((task for task in tasks if task.full_name in known), None)
    if task is None:
        told = f"{tasks[0].full_name} has to be a function; {name} is a tensor here"
        return tensors.told(tasks[0], "error", told), []
    try:
        return tensors.report(task, found, namespace)
    except tensors.NoForward as error:
        return tensors.told(task, "error", str(error)), []


def _meant(name: str, namespace: Mapping[str, Any]) -> object:
    """Return what the notebook has under the name of a task, in any spelling; None if nothing."""
    names = {task.name for task in catalogue.course().tasks}
    wanted = _canonical(name, names)
    spelt = [n for n in namespace if isinstance(n, str) and aliases.canonical(n, names) == wanted]
    spelt.sort(key=lambda own: own != name.rpartition(".")[2])
    return namespace[spelt[0]] if spelt else None


def _canonical(name: str, names: Set[str]) -> str:
    """Return the short name of the task that is meant, which may be named by its tensor."""
    short = name.rpartition(".")[2]
    own = aliases.canonical(short, names)
    return own if own in names else aliases.canonical(f"d{short}", names)


def _tasks(name: str, found: object) -> list[Task]:
    """Return the tasks that a name can stand for. Raises UnknownTask if there is none."""
    course = catalogue.course()
    own = _canonical(name, {task.name for task in course.tasks})
    shared = [task for task in course.tasks if task.name == own]
    if len(shared) < 2 or "." in name:
        return [course.resolve(name)]
    fitting = functions.fitting(own, found) if isinstance(found, FunctionType) else shared
    return fitting or shared


def _name_of(what: object, namespace: Mapping[str, Any]) -> str:
    """Return the name under which the notebook has an object, or that it bears itself."""
    names = {task.name for task in catalogue.course().tasks}
    held = [name for name, value in namespace.items() if value is what and isinstance(name, str)]
    known = [name for name in held if aliases.canonical(name, names) in names]
    return next(iter([*known, *held]), str(getattr(what, "__name__", "")))


def _kind(what: object) -> str:
    kind = type(what).__name__
    return f"an {kind}" if kind[:1] in "aeiou" else f"a {kind}"


@contextmanager
def _as_before() -> Iterator[None]:
    """Leave threads, dtype, random numbers and oneDNN as the notebook had them."""
    threads, dtype = torch.get_num_threads(), torch.get_default_dtype()
    onednn = torch.backends.mkldnn.set_flags(False)[0]  # type: ignore[no-untyped-call]
    torch.set_default_dtype(torch.float32)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_num_threads(threads)
        torch.set_default_dtype(dtype)
        torch.backends.mkldnn.set_flags(onednn)  # type: ignore[no-untyped-call]


def hint(name: str = "") -> Said:
    """Return the hints for a task so far and one more: by default for the task at hand."""
    try:
        task = catalogue.course().resolve(name) if name else _at_hand()
    except UnknownTask as error:
        return Said(str(error))
    shown = hints.show(task.full_name, more=True)
    lines = [f"{number}. {text}" for number, text in enumerate(shown, 1)]
    left = len(task.hints) - len(shown)
    lines.append(f"({left} more: %hint {task.label})" if left else "(there are no more)")
    return Said("\n".join([task.full_name, *lines]))


def _at_hand() -> Task:
    """Return the task that was checked last and is not right, or else the first one to do."""
    tasks = catalogue.course().tasks
    open_ = [name for name, report in _session.items() if report.status != "passed"]
    if open_:
        return next(task for task in tasks if task.full_name == open_[-1])
    return next((task for task in tasks if task.full_name not in _session), tasks[0])


def progress() -> Progress:
    """Return all tasks with their state in this session."""
    rows = [
        (task, _session[task.full_name].status if task.full_name in _session else "")
        for task in catalogue.course().tasks
    ]
    return Progress(tuple(rows))
