"""Names of tasks and their hints as they stand in the catalogue, without reading all of it: a table
of `tasks.toml` begins with a line of its own. Light to import on purpose.
"""

from __future__ import annotations

import functools
import os

from grader.course import aliases
from grader.errors import UnknownTask

TASKS = os.path.join(os.path.dirname(__file__), "tasks.toml")
TABLE = '\n[tasks."'


@functools.cache
def _tables() -> dict[str, str]:
    """Return the text of each task's table by the task's full name."""
    with open(TASKS, encoding="utf-8") as file:
        tables = file.read().split(TABLE)[1:]
    return {name: rest for name, _, rest in (table.partition('"]\n') for table in tables)}


def names() -> list[str]:
    """Return the full names of all tasks in their order."""
    return list(_tables())


def hints_of(task: str) -> tuple[str, ...]:
    """Return the hints for a task (full name)."""
    import tomllib

    return tuple(tomllib.loads(_tables()[task])["hints"])


def label(task: str) -> str:
    """Return the short name of a task (full name) if no other task has it."""
    short = task.rpartition(".")[2]
    alike = [name for name in names() if name.rpartition(".")[2] == short]
    return short if len(alike) == 1 else task


def resolve(name: str, tasks: list[str]) -> str:
    """Return the full name, one of `tasks`, that a full or an unambiguous short name stands for.

    Raises UnknownTask, with what was probably meant, for any other name.
    """
    exercise, dot, short = name.rpartition(".")
    shorts = {task.rpartition(".")[2] for task in tasks}
    short = aliases.canonical(short, shorts)
    if short not in shorts:
        short = aliases.canonical("d" + short, shorts)
    found = [f"{exercise}.{short}"] if dot else [t for t in tasks if t.rpartition(".")[2] == short]
    found = [task for task in found if task in tasks]
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownTask(f"'{name}' is a task of several exercises: say one of {', '.join(found)}")
    import difflib

    close = difflib.get_close_matches(name, [*tasks, *sorted(shorts)], n=3)
    meant = f"Did you mean {' or '.join(close)}? " if close else ""
    raise UnknownTask(f"there is no task '{name}'. {meant}`grader list` shows all tasks")
