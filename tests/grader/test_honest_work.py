"""Honest submissions that look like something else: none loses a point, none is accused.

Each file in `golden/honest/` says in its first line which tasks it answers, all of them rightly.
What it uses besides (classes with a field `grad`, gradients switched off, self-tests with
autograd, plots, clocks, NumPy) is what students write around their answers.
"""

# The expected value comes first in a comparison.
# ruff: noqa: SIM300

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader import grade
from grader.course import catalogue
from grader.options import Options
from grader.sandbox.host.zygote import Zygote
from grader.submission import read_for_course

FILES = sorted((Path(__file__).parent / "golden" / "honest").glob("*.py"))


def answered(path: Path) -> tuple[str, ...]:
    """Return the tasks that a file says it answers."""
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    names = set(re.findall(r"ex\d\.\w+", first))
    return tuple(task.full_name for task in catalogue.course().tasks if task.full_name in names)


def test_there_are_honest_submissions_of_many_kinds() -> None:
    """There are enough of them, and each answers something."""
    assert len(FILES) >= 119
    assert [] == [path.name for path in FILES if not answered(path)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_honest_work_earns_its_points_and_is_not_accused(zygote: Zygote, path: Path) -> None:
    """Right answers earn full points whatever stands around them, and nobody is told of them."""
    submission = read_for_course(path)
    report = grade.grade_one(submission, zygote, Options(seed="honest", tasks=answered(path)))
    told = [f"{task.full_name}: {task.status}: {task.message}" for task in report.tasks]

    assert {"passed"} == {task.status for task in report.tasks}, told
    assert all(task.points == task.max_points > 0 for task in report.tasks), told
    assert [] == report.findings
