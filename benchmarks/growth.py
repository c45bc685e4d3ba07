"""How the cost of a grading grows: with tasks, with cases of a task, and with submissions.

Each figure comes from a straight line through medians: what one more of them costs, and what is
there without any. Submissions are told by an exponent: 1 is in proportion.
"""

from __future__ import annotations

import functools
import math
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.cohorts import Staff, distinct
from benchmarks.figures import Figure
from benchmarks.pairs import interleaved, timed
from benchmarks.watching import tasks
from grader import grade
from grader.options import ROOT, Options
from grader.sandbox.host.zygote import Zygote
from grader.submission import read_for_course

SOME = (7, 14, 28)
PUBLIC_CASES, ALL_CASES = 3, 8
"""Questions to a gradient of exercise 1: the lecture's batch, any upstream gradient and the chain;
and with the hidden ones."""

COHORTS = (4, 8, 16)


def measure(pairs: int) -> Iterator[Figure]:
    """Grade few and many tasks, few and many cases, few and many submissions."""
    names = tuple(task.full_name for task in tasks())
    submission = read_for_course(ROOT / "solutions")
    with Zygote("best") as zygote, tempfile.TemporaryDirectory() as folder, ExitStack() as stack:

        def graded(count: int, *, public_only: bool = False) -> float:
            options = Options("growth", tasks=names[:count], public_only=public_only)
            return timed(lambda: grade.grade_one(submission, zygote, options))

        calls = {f"{count} tasks": functools.partial(graded, count) for count in SOME}
        calls["public"] = functools.partial(graded, SOME[-1], public_only=True)
        submissions = distinct(Path(folder), COHORTS[-1])
        staff = Staff(1, names)
        stack.callback(staff.close)
        for count in COHORTS:
            calls[f"{count} submissions"] = functools.partial(staff.grade, submissions[:count])
        times = interleaved(pairs, calls, warm_up=1)
    yield from _of_tasks(times)
    more = ALL_CASES - PUBLIC_CASES
    case = [
        1e3 * (a - b) / more / 28 for a, b in zip(times["28 tasks"], times["public"], strict=True)
    ]
    yield Figure("growth", "one more case of a task", "ms", case)
    found = [_exponent(times, turn) for turn in range(pairs)]
    yield Figure(
        "growth", "submissions: time in proportion to their number to the power", "", found
    )


def _of_tasks(times: Mapping[str, Sequence[float]]) -> Iterator[Figure]:
    lines = [
        statistics.linear_regression(SOME, each)
        for each in zip(*(times[f"{count} tasks"] for count in SOME), strict=True)
    ]
    yield Figure("growth", "one more task", "ms", [1e3 * line.slope for line in lines])
    yield Figure("growth", "a submission without tasks", "ms", [1e3 * x.intercept for x in lines])


def _exponent(times: Mapping[str, Sequence[float]], turn: int) -> float:
    counts = [math.log(count) for count in COHORTS]
    spent = [math.log(count * times[f"{count} submissions"][turn]) for count in COHORTS]
    return statistics.linear_regression(counts, spent).slope
