"""What a check may ask for by the name of a parameter: cases, data, and facts about the run."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from torch import Tensor

from grader import cases, drawn
from grader.cases import Case
from grader.course import catalogue
from grader.course.catalogue import Catalogue, Task

if TYPE_CHECKING:
    from grader.corpus import Splits


class Givens:
    """What the checks of one run are given. Each method bears the name of a parameter."""

    def __init__(self, seed: str, corpus: str) -> None:
        self._seed, self._corpus = seed, corpus
        self._links: dict[str, Tensor] = {}

    def of(self, check: Callable[..., None], task: Task) -> dict[str, Any]:
        """Return what a check asks for beside its judge, for one task."""
        names = check.__code__.co_varnames[: check.__code__.co_argcount]
        return {name: getattr(self, name)(task) for name in names if name != "judge"}

    def draw(self, task: Task) -> Callable[..., Case]:
        """Draw a case for the task's exercise from the run's seed, once for all of its tasks."""
        return functools.partial(drawn.case, self._seed, task.exercise.key)

    def public(self, task: Task) -> Callable[..., Case]:
        """Draw a case from a seed that is the same in every run."""
        return functools.partial(drawn.case, drawn.PUBLIC, task.exercise.key)

    def chain(self, task: Task) -> Callable[..., Case]:
        """Draw a true chain from the run's seed."""
        return functools.partial(drawn.chain, self._seed, task.exercise.key)

    def public_chain(self, task: Task) -> Callable[..., Case]:
        """Draw a true chain from a seed that is the same in every run."""
        return functools.partial(drawn.chain, drawn.PUBLIC, task.exercise.key)

    def lecture(self, task: Task) -> Case:
        """The lecture's batch, on the true chain."""
        return drawn.lecture(self._corpus, task.exercise.key)

    def links(self, task: Task) -> dict[str, Tensor]:
        """The submission's own gradients so far, for the chain from the loss to C."""
        return self._links

    def splits(self, task: Task) -> Splits:
        """The corpus of the run as contexts and labels."""
        return cases.splits_of(self._corpus)

    def seed(self, task: Task) -> str:
        """The run's seed: the staff's, or a fresh one."""
        return self._seed

    def corpus(self, task: Task) -> str:
        """The name of the run's corpus."""
        return self._corpus

    def course(self, task: Task) -> Catalogue:
        """The catalogue of tasks, with its limits."""
        return catalogue.course()
