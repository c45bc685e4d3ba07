"""The bank of misconceptions: the wrong formulas that people really write, each with its name.

An entry is a wrong answer to one task, written as a function that asks for its inputs by name, as a
stub does. The bank serves twice: a wrong submission that gives the same numbers as an entry is told
what it got wrong, and every entry must fail its own task's hidden checks, which tests the checks.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Misconception:
    """One wrong formula: `says` names what is wrong, `nudge` leads on without the answer."""

    task: str
    slug: str
    says: str
    nudge: str
    formula: Callable[..., Any]

    @property
    def id(self) -> str:
        """Return the entry's name in reports, `ex1.dcounts/sum-branch-missing`."""
        return f"{self.task}/{self.slug}"


_bank: list[Misconception] = []


def wrong(task: str, slug: str, *, says: str, nudge: str) -> Callable[[F], F]:
    """Enter the decorated wrong formula into the bank, under the full name of its task."""

    def enter(formula: F) -> F:
        _bank.append(Misconception(task, slug, says, nudge, formula))
        return formula

    return enter


@functools.cache
def bank() -> tuple[Misconception, ...]:
    """Return every entry, in the order of the exercises. What students get has none."""
    for module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        importlib.import_module(f"{__name__}.{module}")
    return tuple(_bank)


def of_task(task: str) -> tuple[Misconception, ...]:
    """Return the entries for one task, by its full name."""
    return tuple(entry for entry in bank() if entry.task == task)
