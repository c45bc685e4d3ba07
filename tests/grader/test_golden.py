"""Golden submissions: the forms that people write, right and wrong, and what each must come to.

The files in `golden/` are submissions; `golden/expected.toml` says what they must earn.
"""

from __future__ import annotations

import ast
import fnmatch
import tomllib
from pathlib import Path
from typing import Any

import pytest

from grader import grade
from grader.course import catalogue
from grader.course.catalogue import Task
from grader.options import ROOT, Options
from grader.report import Report, TaskReport
from grader.sandbox.host.zygote import Zygote
from grader.submission import Submission, read_for_course

GOLDEN = Path(__file__).parent / "golden"
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads(
    (GOLDEN / "expected.toml").read_text(encoding="utf-8")
)


def tasks_named(patterns: list[str]) -> list[str]:
    """Return the full names of the tasks that the patterns stand for, in the course's order."""
    return [
        task.full_name
        for task in catalogue.course().tasks
        if any(fnmatch.fnmatchcase(task.full_name, pattern) for pattern in patterns)
    ]


def examined(answered: list[str]) -> tuple[str, ...]:
    """Return the tasks to grade: all of the exercises that the answered ones belong to.

    Training is left out where it is not the subject, because it takes longer than all the rest.
    """
    exercises = {name.split(".")[0] for name in answered}

    def is_due(task: Task) -> bool:
        return task.exercise.key in exercises and (
            task.full_name != "ex4.train" or task.full_name in answered
        )

    return tuple(task.full_name for task in catalogue.course().tasks if is_due(task))


def graded(zygote: Zygote, submission: Submission, answered: list[str]) -> Report:
    """Grade a submission on the exercises that it answers something of."""
    return grade.grade_one(submission, zygote, Options(seed="golden", tasks=examined(answered)))


def told(task: TaskReport) -> str:
    """Return what a report says of a task, for the message of an assertion."""
    return f"{task.full_name}: {task.status}, {task.points:g} points: {task.message}"


def full_marks(task: TaskReport) -> bool:
    """Tell whether a task earned all of its points."""
    return task.status == "passed" and task.points == task.max_points > 0


def spliced(file: Path, name: str) -> tuple[str, bytes]:
    """Return name and source of the solution in which `file` takes the place of function `name`."""
    exercise = next(e for e in catalogue.course().exercises if e.key == file.stem.split("_")[0])
    solution = (ROOT / "solutions" / exercise.file).read_text(encoding="utf-8")
    replaced = [
        node
        for node in ast.parse(solution).body
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    assert len(replaced) == 1, f"{exercise.file} defines {name} {len(replaced)} times"
    lines = solution.splitlines()
    before, after = lines[: replaced[0].lineno - 1], lines[replaced[0].end_lineno :]
    mistake = file.read_text(encoding="utf-8").splitlines()
    return exercise.file, "\n".join([*before, *mistake, *after]).encode()


@pytest.mark.parametrize("kind", ["correct", "shape", "wrong"])
def test_every_golden_submission_has_an_expectation(kind: str) -> None:
    """No file waits in vain to be graded, and no expectation is about a file that is gone."""
    there = {path.name for path in (GOLDEN / kind).iterdir() if path.name != "__pycache__"}
    assert there == {name if kind != "wrong" else f"{name}.py" for name in EXPECTED[kind]}


@pytest.mark.parametrize("name", EXPECTED["correct"])
def test_a_correct_form_earns_full_marks(zygote: Zygote, name: str) -> None:
    """Whatever the way in which a right gradient is written, it earns everything; what the
    submission does not answer earns nothing.
    """
    answered = tasks_named(EXPECTED["correct"][name])
    submission = read_for_course(GOLDEN / "correct" / name)
    report = graded(zygote, submission, answered)

    missed = [told(t) for t in report.tasks if t.full_name in answered and not full_marks(t)]
    given = [told(t) for t in report.tasks if t.full_name not in answered and t.points]
    others = {t.status for t in report.tasks if t.full_name not in answered}
    assert not missed
    assert not given
    assert others <= {"not_attempted"}


@pytest.mark.parametrize("name", EXPECTED["shape"])
def test_a_shape_that_only_broadcasting_saves_earns_half(zygote: Zygote, name: str) -> None:
    """Right numbers with a dimension of size 1 too many or too few are worth half the points, and
    the message says so.
    """
    answered = tasks_named(EXPECTED["shape"][name])
    submission = read_for_course(GOLDEN / "shape" / name)
    report = graded(zygote, submission, answered)

    for task in report.tasks:
        if task.full_name in answered:
            assert (task.status, task.points) == ("shape", task.max_points / 2), told(task)
            assert "only broadcasting saves it" in task.message
        else:
            assert (task.status, task.points) == ("not_attempted", 0), told(task)


@pytest.mark.parametrize("name", EXPECTED["wrong"])
def test_a_mistake_is_caught_where_it_was_made(zygote: Zygote, name: str) -> None:
    """One mistake in an exercise that is right otherwise costs that task alone, and the report says
    what was misunderstood wherever the numbers show it.
    """
    expected = EXPECTED["wrong"][name]
    exercise, _, function = expected["task"].partition(".")
    file, source = spliced(GOLDEN / "wrong" / f"{name}.py", function)
    submission = Submission(name, {file: source}, "0" * 64)
    everything = Options(seed="golden", tasks=(expected["task"],))
    (task,) = grade.grade_one(submission, zygote, everything).tasks
    rest = [name for name in tasks_named([f"{exercise}.*"]) if name != expected["task"]]
    # What is right is the solution; that it passes hidden checks too is a law of the course.
    others = Options(seed="golden", tasks=tuple(rest), public_only=True)
    right = grade.grade_one(submission, zygote, others).tasks if rest else []

    assert (task.status, task.points) == (expected["status"], expected.get("points", 0)), told(task)
    assert (task.diagnosis.id if task.diagnosis else None) == expected.get("diagnosis"), told(task)
    assert not [told(other) for other in right if not full_marks(other)]
