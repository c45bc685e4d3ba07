"""What a release knows in place of formulas: recorded answers, and sketches of wrong ones."""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import json
from collections.abc import Callable, Iterator
from typing import Any

from grader import cases, diagnosis, grade, sketches
from grader.course import catalogue, forward, misconceptions, recorded
from grader.options import ROOT, Options
from grader.release.contents import Contradiction
from grader.release.redact import PROCEDURES
from grader.sketches import Known, Sketch
from grader.submission import read_for_course

ANY_UPSTREAM = "any upstream"
"""The public check that draws its upstream gradients; the other one asks about the lecture."""


def answers() -> str:
    """Return the file of recorded answers: what the withheld procedures say to public checks.

    Raises Contradiction if the solutions do not pass these checks.
    """
    tasks = tuple(f"{key}.{name}" for key, names in PROCEDURES.items() for name in names)
    options = Options("public", public_only=True, tasks=tasks)
    with _listening() as heard:
        report = grade.grade_inline(read_for_course(ROOT / "solutions"), options)
    failed = [task.full_name for task in report.tasks if task.status != "passed"]
    if failed:
        raise Contradiction(f"the solutions fail public checks of {', '.join(failed)}")
    return json.dumps(heard, indent=1) + "\n"


@contextlib.contextmanager
def _listening() -> Iterator[list[dict[str, Any]]]:
    """Note every question to a withheld procedure, and its answer."""
    heard: list[dict[str, Any]] = []
    for key, names in PROCEDURES.items():
        spec = forward.spec(key)  # as it is without listeners
        module = importlib.import_module(f"grader.course.{spec.exercise.module}")
        for name in names:
            setattr(module, name, _heard(f"{key}.{name}", spec.procedures[name], heard))
    try:
        yield heard
    finally:
        for key, names in PROCEDURES.items():
            spec = forward.spec(key)
            module = importlib.import_module(f"grader.course.{spec.exercise.module}")
            for name in names:
                setattr(module, name, spec.procedures[name])


def _heard(
    task: str, function: Callable[..., Any], heard: list[dict[str, Any]]
) -> Callable[..., Any]:
    @functools.wraps(function)
    def listening(*given: Any, **named: Any) -> Any:
        order = inspect.signature(function).bind(*given, **named).arguments.values()
        asked = recorded.question(list(order))
        said = function(*given, **named)
        heard.append({"task": task, "question": asked, "answer": recorded.as_plain(said)})
        return said

    return listening


def wrong_results() -> str:
    """Return the file of sketches: what each wrong formula gives on the public cases."""
    train = cases.splits_of("names").train
    found = []
    for task in catalogue.course().tasks:
        entries = misconceptions.of_task(task.full_name)
        if not entries:
            continue
        key = task.exercise.key
        drawn = (cases.lecture(key, train), cases.draw(key, "public", ANY_UPSTREAM))
        for entry in entries:
            of: dict[str, Sketch] = {}
            for case in drawn:
                made = diagnosis.formula_on(entry, task, case)
                sketch = None if made is None else sketches.of_tensor(made)
                if sketch is not None:
                    of[case.name] = sketch
            found.append(Known(entry.id, entry.says, entry.nudge, of))
    return sketches.text_of(found)
