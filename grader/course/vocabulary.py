"""The names by which a flat notebook is read: what is given, what is an answer, to which task.

The sandbox knows nothing of the course, so it is told these names; see `grader/sandbox/guest/flat`.
"""

from __future__ import annotations

import functools
from typing import Any

from grader.course import aliases, catalogue, forward
from grader.course.network import PARAMETERS

FLAT_EXERCISES = ("ex1", "ex2", "ex3")
"""The exercises whose gradients the lecture's own notebook writes at the top level."""

SIZES = ("n", "batch_size", "vocab_size", "n_embd", "n_hidden", "block_size")

LOOP = {
    **dict.fromkeys(("Xtr", "X_train", "X_tr", "Xtrain", "X"), "X"),
    **dict.fromkeys(("Ytr", "Y_train", "y_train", "Y_tr", "Ytrain", "ytr", "Y"), "Y"),
    **dict.fromkeys(("batch_size", "n"), "batch_size"),
    **{name: name for name in ("vocab_size", "n_embd", "n_hidden", "block_size")},
    **aliases.spellings(PARAMETERS),
}
"""What a training loop is given, under the names that it may have there."""

LOOP_TASKS = ("ex4.train", "ex4.backward")


@functools.cache
def vocabulary() -> dict[str, Any]:
    """Return the names as plain data, as `grader.sandbox.guest.flat.names` takes them."""
    lines = forward.spec(forward.BASE).lines
    tensors = forward.tensors_of(forward.BASE)
    tasks: dict[str, list[list[Any]]] = {}
    withheld: dict[str, list[str]] = {}
    for task in catalogue.course().tasks:
        if task.exercise.key in FLAT_EXERCISES:
            listed = [task.full_name, list(forward.upstream_names(task))]
            tasks.setdefault(task.name, []).append(listed)
            withheld[task.full_name] = sorted(forward.withheld(task))
    course = catalogue.course().tasks
    return {
        "given": {**aliases.spellings(tensors), **{name: name for name in SIZES}},
        "gradients": aliases.spellings(f"d{name}" for name in tensors if name not in ("Xb", "Yb")),
        "tasks": tasks,
        "withheld": withheld,
        "reads": {name: list(line.reads) for name, line in lines.items()},
        "loop": LOOP,
        "loop_tasks": LOOP_TASKS,
        "functions": [*aliases.spellings(t.name for t in course), *(t.full_name for t in course)],
    }
