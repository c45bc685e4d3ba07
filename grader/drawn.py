"""Cases that have been drawn, kept from one submission to the next.

Public cases are the same in every run, and a cohort is graded on one seed: what follows from a seed
is computed once, references included. Of the hidden cases only those of the last seed are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grader import cases
from grader.cases import Case

PUBLIC = "public"
_kept: dict[tuple[str, str, str], Case] = {}


def case(seed: str, exercise: str, label: str, **options: Any) -> Case:
    """Return the case of this label with random upstream gradients; see `cases.draw`."""
    return _once(seed, exercise, label, lambda: cases.draw(exercise, seed, label, **options))


def chain(seed: str, exercise: str, label: str) -> Case:
    """Return the true chain of this label; see `cases.true_chain`."""
    # The judge knows an answer by the name of its case.
    name = f"public chain {label}" if seed == PUBLIC else f"chain {label}"
    return _once(seed, exercise, name, lambda: cases.true_chain(exercise, seed, name))


def lecture(corpus: str, exercise: str) -> Case:
    """Return the lecture's case on a corpus; see `cases.lecture`."""
    train = cases.splits_of(corpus).train
    return _once(PUBLIC, exercise, f"lecture {corpus}", lambda: cases.lecture(exercise, train))


def _once(seed: str, exercise: str, label: str, make: Callable[[], Case]) -> Case:
    key = (seed, exercise, label)
    if key not in _kept:
        if seed != PUBLIC:
            for other in [other for other in _kept if other[0] not in (PUBLIC, seed)]:
                del _kept[other]
        _kept[key] = make()
    return _kept[key]
