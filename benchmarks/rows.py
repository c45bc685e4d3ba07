"""The rows of the table, by name. A row is imported when it is measured."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.figures import Figure


@dataclass(frozen=True)
class Row:
    """A row: what it is about, and where it is measured."""

    name: str
    about: str
    module: str
    function: str = "measure"

    def measure(self, pairs: int, **more: int) -> Iterator[Figure]:
        """Measure it in so many pairs."""
        module = importlib.import_module(f"benchmarks.{self.module}")
        yield from getattr(module, self.function)(pairs, **more)


ROWS = (
    Row("help", "help and hints", "commands", "measure_help"),
    Row("check", "a cold check", "commands", "measure_check"),
    Row("watch", "save to verdict", "watching"),
    Row("grade", "one submission in a warm grader", "overhead"),
    Row("cohort", "many submissions", "cohorts"),
    Row("train", "training loops", "training"),
    Row("memory", "memory", "memory"),
    Row("growth", "how cost grows", "growth"),
    Row("hostile", "hostile inputs", "hostile"),
)
