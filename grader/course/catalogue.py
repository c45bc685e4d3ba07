"""The catalogue of tasks, read from `tasks.toml`. Needs no torch: hints must come at once."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.course import leads

TASKS_TOML = Path(__file__).with_name("tasks.toml")


@dataclass(frozen=True)
class Exercise:
    """A group of tasks: one module of forward lines, one file of stubs."""

    key: str
    title: str
    module: str
    bonus: bool = False

    @property
    def file(self) -> str:
        """Return the name of the file that a student edits."""
        return f"{self.module}.py"


@dataclass(frozen=True, eq=False)
class Task:
    """One graded function. `parts` are points for separately judged parts, if there are several;
    `evidence`: that it may differentiate by numbers is told, because it should not.

    There is one object for each, so that what follows from a task can be remembered by it.
    """

    exercise: Exercise
    name: str
    points: float
    hints: tuple[str, ...]
    parts: Mapping[str, float]
    deadline_s: float
    label: str = ""
    evidence: bool = True

    @property
    def full_name(self) -> str:
        """Return the name that is unique in the course, `ex1.dlogits`."""
        return f"{self.exercise.key}.{self.name}"

    @property
    def bonus(self) -> bool:
        """Tell whether the task's points are on top of the 100."""
        return self.exercise.bonus


@dataclass(frozen=True)
class Catalogue:
    """All exercises and tasks, in the order of the course, and the limits they share."""

    title: str
    bound: float
    shape_fraction: float
    exercises: tuple[Exercise, ...]
    tasks: tuple[Task, ...]
    training: Mapping[str, Any]

    def resolve(self, name: str) -> Task:
        """Return the task that a full or an unambiguous short name stands for.

        Raises UnknownTask, with what was probably meant, for any other name.
        """
        full_name = leads.resolve(name, [task.full_name for task in self.tasks])
        return next(task for task in self.tasks if task.full_name == full_name)

    def of_exercise(self, key: str) -> tuple[Task, ...]:
        """Return the tasks of one exercise, in order."""
        return tuple(task for task in self.tasks if task.exercise.key == key)


def read(path: Path = TASKS_TOML) -> Catalogue:
    """Read a catalogue. Raises ValueError if a task belongs to no exercise."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    exercises = {
        key: Exercise(key, entry["title"], entry["module"], entry.get("bonus", False))
        for key, entry in raw["exercises"].items()
    }
    shorts = [name.rpartition(".")[2] for name in raw["tasks"]]
    tasks = []
    for name, entry in raw["tasks"].items():
        key, _, short = name.rpartition(".")
        if key not in exercises:
            raise ValueError(f"{path.name}: task '{name}' belongs to no exercise")
        tasks.append(
            Task(
                exercise=exercises[key],
                name=short,
                points=float(entry["points"]),
                hints=tuple(entry["hints"]),
                parts=entry.get("parts", {}),
                deadline_s=float(entry.get("deadline_s", raw["course"]["deadline_s"])),
                label=short if shorts.count(short) == 1 else name,
                evidence=entry.get("evidence", True),
            )
        )
    return Catalogue(
        title=raw["course"]["title"],
        bound=raw["course"]["bound"],
        shape_fraction=raw["course"]["shape_fraction"],
        exercises=tuple(exercises.values()),
        tasks=tuple(tasks),
        training=raw.get("training", {}),
    )


@functools.cache
def course() -> Catalogue:
    """Return the catalogue of this course."""
    return read()
