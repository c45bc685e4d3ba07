"""Which function of a submission answers which task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from grader.course import aliases, forward
from grader.course.catalogue import Catalogue, Task

Form = Literal["function", "cell", "flat"]


@dataclass(frozen=True)
class Definition:
    """A function as the syntax tree shows it, or an answer at the top level of a notebook.

    stub: there is nothing in it but `raise NotImplementedError`. form: `function` of a module,
    function in a `cell` of a notebook, or `flat` for an answer that is a variable, to the task of
    this full name.
    """

    name: str
    file: str
    line: int
    end: int
    positional: tuple[str, ...]
    keyword: tuple[str, ...]
    required: tuple[str, ...]
    form: Form = "function"
    task: str = ""
    stub: bool = False

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Definition:
        """Build one from what a worker read. Raises TypeError or ValueError if it is malformed."""
        positional, keyword, required = (
            tuple(str(name) for name in plain[key]) for key in ("positional", "keyword", "required")
        )
        form = plain.get("form", "function")
        if form not in get_args(Form):
            raise ValueError(f"{form!r} is no form of an answer")
        return cls(
            str(plain["name"]),
            str(plain["file"]),
            int(plain["line"]),
            int(plain["end"]),
            positional,
            keyword,
            required,
            form,
            str(plain.get("task", "")),
            plain.get("stub") is True,
        )

    @property
    def key(self) -> list[str]:
        """Return by what a finding names those that it concerns."""
        return [self.file, self.task or self.name]

    def asks_for(self) -> tuple[str, ...]:
        """Return all parameters."""
        return (*self.positional, *self.keyword)


def exercise_of_file(file: str, course: Catalogue) -> str | None:
    """Return the exercise that a file name stands for: `ex3.py` and `my_ex3_batchnorm.py` too."""
    stem = file.removesuffix(".py").lower()
    for exercise in course.exercises:
        words = stem.replace("-", "_").split("_")
        if stem == exercise.module or exercise.key in words:
            return exercise.key
    return None


def missing(task: Task, definition: Definition) -> list[str]:
    """Return what a function requires that the task does not have on offer."""
    offered = set(forward.offers(task))
    return [n for n in definition.required if aliases.canonical(n, offered) not in offered]


def _upstream_fits(task: Task, definition: Definition) -> bool:
    """Tell whether a function relies on the upstream gradients of this task and not another's."""
    upstream = set(forward.upstream_names(task)) - {"dloss"}
    if upstream:
        asked = {aliases.canonical(name, upstream) for name in definition.asks_for()}
        return bool(asked & upstream)
    gradients = {f"d{tensor}" for tensor in forward.tensors_of(task.exercise.key)} - {"dloss"}
    return not any(aliases.canonical(n, gradients) in gradients for n in definition.required)


def failure_of(
    task: Task, failures: Iterable[Mapping[str, Any]], course: Catalogue
) -> Mapping[str, Any] | None:
    """Return the syntax error that a function for this task is in; None if there is none."""
    for failure in failures:
        home = exercise_of_file(str(failure.get("file")), course)
        if task.name in failure.get("names", ()) and home in (None, task.exercise.key):
            return failure
    return None


def match(
    definitions: Iterable[Definition],
    course: Catalogue,
    failures: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Definition]:
    """Return the function for each task that has one, by the task's full name.

    A file named after an exercise serves that exercise alone. Elsewhere a name that several
    exercises share (`dlogits`) is told apart by the upstream gradients that the function asks for.
    Of several candidates the last one counts, as it does in Python; but what is still a stub
    counts only where there is nothing else, because files and notebook may lie side by side. It
    does not stand for one that was begun elsewhere and cannot be read, either.
    """
    by_name: dict[str, list[Definition]] = {}
    known = {task.name for task in course.tasks}
    matched = {}
    for definition in definitions:
        if definition.form == "flat":  # unless there is a function, too
            matched[definition.task] = definition
        else:
            by_name.setdefault(aliases.canonical(definition.name, known), []).append(definition)
    for task in course.tasks:
        named = by_name.get(task.name, [])
        if task.full_name in matched:  # a helper of a notebook may have the name of a task
            usable = [d for d in named if d.asks_for() and not missing(task, d)]
            named = [definition for definition in usable if not definition.stub]
        named = [d for d in named if not d.stub] or named
        homes = [(d, exercise_of_file(d.file, course)) for d in named]
        candidates = [d for d, home in homes if home == task.exercise.key]
        if not candidates:
            candidates = [d for d, home in homes if home is None]
            shared = sum(other.name == task.name for other in course.tasks) > 1
            if shared:
                candidates = [d for d in candidates if _upstream_fits(task, d)]
        fitting = [d for d in candidates if not missing(task, d)]
        if fitting or candidates:
            chosen = (fitting or candidates)[-1]
            if not (chosen.stub and failure_of(task, failures, course)):
                matched[task.full_name] = chosen
    return matched
