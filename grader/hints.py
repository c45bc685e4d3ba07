"""What a student has seen and where they are: hints come one at a time, watch mode starts again
where it was left. Both are kept in one small file, {"hints": {task: count}, "place": task}.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any

from grader.course import leads


def _state_file() -> str:
    return os.environ.get("BACKPROP_NINJA_STATE", ".backprop-ninja.json")


def _state() -> dict[str, Any]:
    """Return all that is kept: nothing if there is no file, or one that somebody broke."""
    with (
        contextlib.suppress(OSError, ValueError),
        open(_state_file(), encoding="utf-8") as file,
    ):
        state = json.load(file)
        if isinstance(state, dict):
            return state
    return {}


def _seen() -> dict[str, int]:
    try:
        return {str(task): int(count) for task, count in _state()["hints"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}  # none yet, or not what was written here: hints start again


def _remember(key: str, value: object) -> None:
    """Keep one thing and leave the others as they are. The file is replaced as a whole, so that
    whoever reads it at that moment never sees half of it.
    """
    file = _state_file()
    fresh = f"{file}.{os.getpid()}"
    # Where the folder cannot be written to, everything still works, but for the memory.
    with contextlib.suppress(OSError):
        text = json.dumps({**_state(), key: value}) + "\n"
        with open(fresh, "w", encoding="utf-8") as out:
            out.write(text)
        os.replace(fresh, file)


def show(task: str, *, more: bool = False) -> tuple[str, ...]:
    """Return the hints for a task (full name) that were asked for so far, and one more if asked."""
    hints = leads.hints_of(task)
    seen = _seen()
    count = min(len(hints), max(1, seen.get(task, 0) + (1 if more else 0)))
    if seen.get(task) != count:
        _remember("hints", {**seen, task: count})
    return hints[:count]


def next_hint(task: str) -> str:
    """Return the hint that a student is at, without counting it as seen."""
    return leads.hints_of(task)[position(task)[0] - 1]


def position(task: str) -> tuple[int, int]:
    """Return the number of the hint that a student is at, from 1, and how many there are."""
    count = len(leads.hints_of(task))
    return min(count, max(1, _seen().get(task, 1))), count


def place() -> str | None:
    """Return the full name of the task that a student was last at, if it is still a task."""
    name = _state().get("place")
    return name if name in leads.names() else None


def remember_place(task: str) -> None:
    """Keep the task (full name) that a student is at."""
    if _state().get("place") != task:
        _remember("place", task)
