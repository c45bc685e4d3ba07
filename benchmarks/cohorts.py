"""Row 5: a cohort, against plain pytest with one process a submission, and two workers against one.

A cohort of 50 is graded in batches, so that the others can take turns with it; each batch has to
wait for its last submission, which a whole cohort does once. What it costs to start is measured
once and shared out among 50.
"""

from __future__ import annotations

import functools
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.pairs import interleaved, ran, ratios, timed
from benchmarks.watching import plain, tasks
from grader.cohort import crew as crews
from grader.cohort import ledger as ledgers
from grader.cohort import roster
from grader.cohort.conditions import Conditions
from grader.cohort.judgements import Judgements
from grader.cohort.schedule import Run
from grader.options import ROOT, Options

COHORT, BATCH = 50, 6
LOCAL = ("ex4_training.py", "learning_rate")
"""A file, and a variable in it that is no parameter."""

AT_ONCE = 2
"""Processes of plain pytest at a time, and workers of the cohort."""


def distinct(folder: Path, count: int) -> list[Path]:
    """Write submissions that differ in the names of local variables and in a comment."""
    made = []
    for number in range(count):
        place = folder / f"s{number:03}"
        shutil.copytree(ROOT / "solutions", place, ignore=shutil.ignore_patterns("__pycache__"))
        for path in place.glob("*.py"):
            text = path.read_text(encoding="utf-8")
            if path.name == LOCAL[0]:
                text = re.sub(rf"\b{LOCAL[1]}\b", f"{LOCAL[1]}_{number}", text)
            path.write_text(f"{text}\n# {number}\n", encoding="utf-8")
        made.append(place)
    return made


class Staff:
    """Processes that grade, and what they grade with."""

    def __init__(self, workers: int, names: tuple[str, ...] = ()) -> None:
        self._options = Options("cohort", tasks=names)
        self._crew = crews.recruited(workers, None)

        def start() -> None:
            self._conditions = Conditions.of(self._options, crews.muster(self._crew, self._options))

        self.start = timed(start)

    def close(self) -> None:
        """Let the processes go."""
        self._crew.dismiss()

    def grade(self, submissions: Sequence[Path]) -> float:
        """Grade submissions into a new ledger; return the seconds for one of them."""
        with tempfile.TemporaryDirectory() as out, ledgers.opened(Path(out)) as ledger:
            found = roster.read(submissions[0].parent).students
            names = {path.name for path in submissions}
            students = [student for student in found if student.id in names]
            run = Run(students, ledger, self._conditions, Judgements(), self._crew)
            seconds = timed(lambda: self._checked(run))
        return seconds / len(students)

    @staticmethod
    def _checked(run: Run) -> None:
        wrong = [entry for entry in run.grade() if entry.score != entry.max_score]
        if wrong:
            told = f"{wrong[0].outcome}, {wrong[0].score} points {wrong[0].message}"
            raise RuntimeError(f"a submission that is right was not graded so: {told}")


def processes(submissions: Sequence[Path], *, everything: bool) -> float:
    """Grade submissions with plain pytest, AT_ONCE at a time: every task, or exercises 1 to 3.
    Return the seconds for one.
    """
    few = () if everything else tasks()
    commands = [[*plain(path, few), "--hidden"] for path in submissions]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return timed(lambda: list(pool.map(ran, commands))) / len(commands)


def measure(pairs: int) -> Iterator[Figure]:
    """Grade batches with two workers, with one, and with processes of plain pytest."""
    first_three = tuple(task.full_name for task in tasks())
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        submissions = distinct(Path(folder), BATCH)
        staff = {"two": Staff(AT_ONCE), "one": Staff(1), "few": Staff(AT_ONCE, first_three)}
        for one in staff.values():
            stack.callback(one.close)
        calls = {name: functools.partial(one.grade, submissions) for name, one in staff.items()}
        calls["plain"] = functools.partial(processes, submissions[:AT_ONCE], everything=True)
        calls["plain few"] = functools.partial(processes, submissions[:AT_ONCE], everything=False)
        times = interleaved(pairs, calls, warm_up=0)  # `muster` has done that
        starts = {name: one.start / COHORT for name, one in staff.items()}
    with_start = {name: [t + starts[name] for t in times[name]] for name in starts}
    what = f"cohort of {COHORT}, {AT_ONCE} workers / plain pytest, {AT_ONCE} at a time"
    faster = ratios(times["plain"], with_start["two"])
    yield Figure("cohort", f"{what}: submissions a minute", "x", faster, 8.0, at_most=False)
    gain = ratios(times["one"], times["two"])
    yield Figure("cohort", "2 workers / 1 worker", "x", gain, 1.7, at_most=False)
    faster = ratios(times["plain few"], with_start["few"])
    yield Figure("cohort", f"{what}: exercises 1 to 3 alone", "x", faster)
    told = {"cohort": with_start["two"], "plain pytest": times["plain"]}
    for name, each in told.items():
        yield Figure("cohort", name, "submissions/min", [60 / seconds for seconds in each])
    yield Figure("cohort", "start, once", "s", [staff["two"].start])
