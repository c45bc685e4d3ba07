"""How a run is doing: a bar on a terminal, a line now and then anywhere else."""

from __future__ import annotations

import time
from collections import Counter
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from grader.cohort.index import OUTCOMES, Entry

LINES_EVERY = 20.0
"""Seconds between two lines where there is no terminal."""


class Counts:
    """How many students have which outcome, and how fast it goes."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.by_outcome: Counter[str] = Counter()
        self.graded_now = 0
        self._started = time.monotonic()

    @property
    def done(self) -> int:
        """Return how many are settled."""
        return self.by_outcome.total()

    def add(self, entry: Entry, fresh: bool) -> None:
        """Count a student. `fresh`: grading took place for this one."""
        self.by_outcome[entry.outcome] += 1
        self.graded_now += fresh

    def by_word(self) -> str:
        """Return the counts in words, `12 graded, 1 timeout`."""
        return ", ".join(
            f"{self.by_outcome[one]} {one}" for one in OUTCOMES if one in self.by_outcome
        )

    def speed(self) -> str:
        """Return submissions a minute and the time that is left; empty until both can be told."""
        seconds = time.monotonic() - self._started
        if not self.graded_now or seconds < 1:
            return ""
        rate = self.graded_now / seconds
        left = round((self.total - self.done) / rate)
        hours, rest = divmod(left, 3600)
        clock = (
            f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
        )
        return f"{60 * rate:.3g} a minute, {clock} left"


class Display:
    """Shows counts on a console, which writes to standard error."""

    def __init__(self, console: Console, total: int) -> None:
        self.counts = Counts(total)
        self._console = console
        self._next_line = time.monotonic() + LINES_EVERY
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
        self._bar = (
            Progress(*columns, console=console, transient=True) if console.is_terminal else None
        )
        self._task = self._bar.add_task("starting", total=total) if self._bar else None

    def __enter__(self) -> Display:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def settled(self, entry: Entry, fresh: bool) -> None:
        """Count a student, and show it."""
        self.counts.add(entry, fresh)
        self.tick()

    def tick(self) -> None:
        """Show how far it is."""
        told = "; ".join(filter(None, (self.counts.by_word(), self.counts.speed())))
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self.counts.done, description=told)
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + LINES_EVERY
            self._console.print(
                f"{self.counts.done} of {self.counts.total}: {told}", markup=False, soft_wrap=True
            )
