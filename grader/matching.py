"""Which function of a submission answers which task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from grader.course import aliases, forward
from grader.course.catalogue import Catalogue, Task


@dataclass(frozen=True)
class Definition:
    """A function as the syntax tree shows it."""

    name: str
    file: str
    line: int
    end: int
    positional: tuple[str, ...]
    keyword: tuple[str, ...]
    required: tuple[str, ...]

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Definition:
        """Build one from what a worker read. Raises TypeError or ValueError if it is malformed."""
        names = [tuple(str(n) for n in plain[k]) for k in ("positional", "keyword", "required")]
        return cls(
            str(plain["name"]), str(plain["file"]), int(plain["line"]), int(plain["end"]), *names
        )

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


def match(definitions: Iterable[Definition], course: Catalogue) -> dict[str, Definition]:
    """Return the function for each task that has one, by the task's full name.

    A file named after an exercise serves that exercise alone. Elsewhere a name that several
    exercises share (`dlogits`) is told apart by the upstream gradients that the function asks for.
    Of several candidates the last one counts, as it does in Python.
    """
    by_name: dict[str, list[Definition]] = {}
    known = {task.name for task in course.tasks}
    for definition in definitions:
        by_name.setdefault(aliases.canonical(definition.name, known), []).append(definition)
    matched = {}
    for task in course.tasks:
        named = by_name.get(task.name, [])
        homes = [(d, exercise_of_file(d.file, course)) for d in named]
        candidates = [d for d, home in homes if home == task.exercise.key]
        if not candidates:
            candidates = [d for d, home in homes if home is None]
            shared = sum(other.name == task.name for other in course.tasks) > 1
            if shared:
                candidates = [d for d in candidates if _upstream_fits(task, d)]
        fitting = [d for d in candidates if not missing(task, d)]
        if fitting or candidates:
            matched[task.full_name] = (fitting or candidates)[-1]
    return matched
