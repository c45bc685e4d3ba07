"""`python -m benchmarks.simulation`: a cohort of 100,000 on clusters of several sizes.

Each submission is an event: a worker takes it from the scheduler and gives it back. The scheduler
hands over and takes back one at a time; workers start, die and are replaced; what a dying worker
was at is graded again. The times are measured first: what a submission takes, by a real cohort on
two workers, which the simulation then has to foretell; and what the scheduler takes for one, by a
real scheduler and ledger whose workers answer at once.
"""

from __future__ import annotations

import heapq
import random
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import click

from benchmarks.cohorts import Staff, distinct
from benchmarks.pairs import timed
from grader import grade
from grader.cohort import canonical, reading, roster
from grader.cohort import ledger as ledgers
from grader.cohort.conditions import Conditions, machine
from grader.cohort.judgements import Judgements
from grader.cohort.ledger import Ledger
from grader.cohort.roster import Student
from grader.cohort.schedule import Run
from grader.cohort.worker import Job, Result
from grader.options import ROOT, Options
from grader.sandbox.host.zygote import Zygote
from grader.submission import Submission, read_for_course

COHORT = 100_000
CLUSTERS = (2, 16, 128, 512)
START = 15.0
"""Seconds until a new worker grades: torch from a shared disk, the zygote, the first references."""

LIFE = 6 * 3600.0
"""Seconds after which a worker dies, on average: that of machines that may be taken away."""

SEED, AT_ONCE = 1, 2


@dataclass(frozen=True)
class Outcome:
    """What came of a simulated run: seconds, the part of them in which the workers graded what
    counted and in which the scheduler was busy, and how many submissions were graded again.
    """

    seconds: float
    efficiency: float
    busy: float
    again: int


def simulated(
    cohort: int,
    workers: int,
    times: Sequence[float],
    dispatch: float,
    *,
    start: float = START,
    life: float = LIFE,
) -> Outcome:
    """Grade a cohort on a cluster.

    times: seconds of a submission, to draw from. dispatch: seconds of the scheduler for one.
    """
    rng = random.Random(SEED)
    # When each worker is free, and when it dies.
    free = [(start, start + rng.expovariate(1 / life)) for _ in range(workers)]
    heapq.heapify(free)
    scheduler = ended = useful = 0.0
    done = again = 0
    while done < cohort:
        at, death = heapq.heappop(free)
        scheduler = max(scheduler, at) + dispatch
        took = rng.choice(times)
        if scheduler + took > death:
            again += 1
            ready = max(death, at) + start
            heapq.heappush(free, (ready, ready + rng.expovariate(1 / life)))
            continue
        done, useful = done + 1, useful + took
        ended = max(ended, scheduler + took)
        heapq.heappush(free, (scheduler + took, death))
    busy = dispatch * (cohort + again) / ended
    return Outcome(ended, useful / (ended * workers), busy, again)


# What is measured first


class AtOnce:
    """A crew that has graded everything already: each report is that of the solutions."""

    size = AT_ONCE

    def __init__(self, conditions: Conditions, report: str, digest: str) -> None:
        self._conditions, self._report, self._digest = conditions, report, digest

    def read(self, student: Student) -> Future[Submission]:
        """Read a submission at once."""
        future: Future[Submission] = Future()
        future.set_result(reading.read(student))
        return future

    def submit(self, call: Callable[..., Any], job: Job) -> Future[Any]:
        """Return the report of a job at once."""
        future: Future[Result] = Future()
        report = self._report.replace(self._digest, job.digest)
        times: Mapping[str, Any] = {"seconds": 0.0, "tasks": {}, "facts": {}}
        future.set_result(Result(self._conditions.machine, report=report, times=times))
        return future

    def has_died(self, error: BaseException) -> bool:
        """Nobody does."""
        return False

    def renew(self) -> None:
        """Nobody has to be replaced."""

    def dismiss(self) -> None:
        """Nobody is there."""


def dispatch_seconds(submissions: Sequence[Path]) -> float:
    """Return what reading, scheduling and keeping one submission takes the process that does so."""
    solutions, options = read_for_course(ROOT / "solutions"), Options("dispatch")
    with Zygote("best") as zygote:
        report, _ = canonical.split(grade.grade_one(solutions, zygote, options))
    conditions = Conditions.of(options, machine())
    crew: Any = AtOnce(conditions, report.as_json(), solutions.digest)
    with tempfile.TemporaryDirectory() as out, ledgers.opened(Path(out)) as ledger:
        students = roster.read(submissions[0].parent).students
        run = Run(students, ledger, conditions, Judgements(), crew)
        return timed(run.grade) / len(students)


def graded(submissions: Sequence[Path]) -> tuple[float, list[float]]:
    """Grade submissions on two workers; return the seconds for all, and those of each."""
    times: list[float] = []
    keep = Ledger.keep_report

    def keeping(ledger: Ledger, key: str, text: str, told: Mapping[str, Any]) -> None:
        times.append(float(told["seconds"]))
        keep(ledger, key, text, told)

    staff = Staff(AT_ONCE)
    try:
        with mock.patch.object(Ledger, "keep_report", keeping):
            seconds = staff.grade(submissions) * len(submissions)
    finally:
        staff.close()
    return seconds, times


@click.command(help=f"Simulate {COHORT:,} submissions on clusters.")
@click.option(
    "--submissions", default=40, show_default=True, type=click.IntRange(4), help="Real ones."
)
def main(submissions: int) -> None:
    """Measure, compare with a real run, and tell what clusters would take."""
    with tempfile.TemporaryDirectory() as folder:
        made = distinct(Path(folder), submissions)
        dispatch = dispatch_seconds(made)
        seconds, times = graded(made)
    foretold = simulated(submissions, AT_ONCE, times, dispatch, start=0.0)
    click.echo(f"a submission on one of two workers: {sum(times) / len(times):.2f} s")
    click.echo(f"the scheduler, for one: {1e3 * dispatch:.1f} ms")
    click.echo(
        f"{submissions} submissions on two workers: {seconds:.1f} s; "
        f"the simulation says {foretold.seconds:.1f} s"
    )
    click.echo(f"\n{COHORT:,} submissions:")
    click.echo(f"{'workers':>8} {'hours':>8} {'efficiency':>11} {'scheduler':>10} {'again':>6}")
    for workers in CLUSTERS:
        found = simulated(COHORT, workers, times, dispatch)
        click.echo(
            f"{workers:>8} {found.seconds / 3600:>8.2f} {found.efficiency:>11.0%} "
            f"{found.busy:>10.0%} {found.again:>6}"
        )


if __name__ == "__main__":
    main()
