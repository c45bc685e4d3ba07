"""The names of the course, as the sandbox is told them, and the names that a notebook has of its
own for the same tensors. Standard library only.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .effects import Effect

BUILT_IN = frozenset(dir(builtins)) | {"torch", "F"}


@dataclass(frozen=True)
class Vocabulary:
    """The course's names, as plain data.

    given: every spelling of a forward tensor or a size, and the course's own. gradients: the same
    for gradients. tasks: the full names of the tasks that ask for a gradient, each with its
    upstream gradients; of a gradient that several ask for, the line-by-line one comes first.
    withheld: for each of these tasks, the gradients that its answer is not given. reads: what
    each line of the forward pass reads, in the order of the lines. loop: every spelling of what a
    training loop is given, and loop_tasks the tasks that it answers: the first is about what it
    leaves behind, the others are about the gradients of its steps. functions: the names that a
    function may have which answers a task; none where that is not known.
    """

    given: Mapping[str, str]
    gradients: Mapping[str, str]
    tasks: Mapping[str, Sequence[tuple[str, Sequence[str]]]]
    withheld: Mapping[str, frozenset[str]] = field(default_factory=dict)
    reads: Mapping[str, Sequence[str]] = field(default_factory=dict)
    loop: Mapping[str, str] = field(default_factory=dict)
    loop_tasks: tuple[str, ...] = ()
    functions: frozenset[str] = frozenset()

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Vocabulary:
        """Build one from what the trusted side sent."""
        tasks = {
            name: [(str(full), tuple(upstream)) for full, upstream in listed]
            for name, listed in plain["tasks"].items()
        }
        return cls(
            dict(plain["given"]),
            dict(plain["gradients"]),
            tasks,
            {task: frozenset(names) for task, names in plain["withheld"].items()},
            {line: tuple(names) for line, names in plain["reads"].items()},
            dict(plain["loop"]),
            tuple(plain["loop_tasks"]),
            frozenset(plain["functions"]),
        )

    def may_answer(self, name: str) -> bool:
        """Tell whether a function of this name, or an answer to the task of it, is asked for."""
        return not self.functions or name in self.functions

    @property
    def spellings(self) -> dict[str, str]:
        """Return every spelling of a tensor, a size or a gradient, with the course's own."""
        return {**self.given, **self.gradients}

    def is_known(self, name: str) -> bool:
        """Tell whether a name stands for a tensor, a size or a gradient of the course."""
        return name in self.given or name in self.gradients

    def gradients_in(self, names: set[str]) -> set[str]:
        """Return the gradients among some names, as the course spells them."""
        return {self.gradients[name] for name in names & self.gradients.keys()}

    def of_notebook(self, effects: Sequence[Effect]) -> Vocabulary:
        """Return the vocabulary of one notebook: without spellings that mean something else there,
        and with its own names for what nobody computes, such as the batch.
        """
        halves = self._halves(effects)
        given = {name: own for name, own in self.given.items() if name not in halves}
        gradients = {name: own for name, own in self.gradients.items() if name not in halves}
        leaves = self._leaves(effects)
        of_leaves = {f"{d}{n}": f"d{own}" for n, own in leaves.items() for d in ("d", "d_")}
        gradients |= {name: own for name, own in of_leaves.items() if own in self.gradients}
        loop = {**{name: own for name, own in leaves.items() if own in self.loop}, **self.loop}
        given |= leaves
        return Vocabulary(
            given, gradients, self.tasks, self.withheld, self.reads, loop, self.loop_tasks
        )

    def _halves(self, effects: Sequence[Effect]) -> set[str]:
        """Return the spellings that a notebook uses beside the course's own, one computed from the
        other: `dbndiff_2` may be dbndiff2, but not where it is `2 * bndiff * dbndiff2`.
        """
        spellings = self.spellings
        found = set()
        for effect in effects:
            own = {spellings[name]: name for name in effect.binds & spellings.keys()}
            for name in effect.reads & spellings.keys():
                bound = own.get(spellings[name], name)
                found |= {n for n in (bound, name) if bound != name and spellings[n] != n}
        return found

    def _leaves(self, effects: Sequence[Effect]) -> dict[str, str]:
        """Return a notebook's own names for tensors that no line makes, with the course's.

        Where its line `emb = C[X]` reads a name that the course does not know, and lacks one that
        nobody computes, these are the same: X is the batch.
        """
        written = {name for effect in effects for name in effect.writes}
        read = {self.given.get(name, "") for effect in effects for name in effect.reads}
        found: dict[str, str] = {}
        for effect in effects:
            made = {self.given.get(name, "") for name in effect.binds} & self.reads.keys()
            if len(made) != 1:
                continue
            wanted = self.reads[made.pop()]
            lacking = [n for n in wanted if n not in self.reads and n not in read]
            unknown = [
                name
                for name in effect.order
                if name in written and not self.is_known(name) and name not in BUILT_IN
            ]
            if len(lacking) == len(unknown):
                found |= dict(zip(unknown, lacking, strict=True))
                read |= set(lacking)
        return found
