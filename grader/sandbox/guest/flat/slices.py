"""Which statements of a notebook another one depends on: the writers of what it reads, and of what
those read. Standard library only.

A name stands for what was written last before the statement that reads it: the statement that bound
it anew, and all that changed the value since. Where nothing was written before, what comes after
counts, because cells can be run in any order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from .effects import Effect

MOST_SHARING = 50
"""How many names of one tensor are followed: nobody has more, and reading has to come to an end."""

Given = Callable[[str, int], bool]
"""Tells of a name, and of the statement that reads it, whether nobody has to compute its value."""


def charge_aliases(effects: Sequence[Effect], is_known: Callable[[str], bool]) -> None:
    """Charge a change of `d` to dlogits as well, after `d = dlogits` or where d is a view of it.

    The same goes for helpers, in both directions. A course's own name is charged with what is done
    to it under other names, and not the other way round: it is given wherever it is read.
    """
    stands_for: dict[str, str] = {}
    sharing: dict[str, set[str]] = {}
    for effect in effects:
        for name in list(effect.mutates):
            first = stands_for.get(name, name)
            if is_known(name):
                continue
            effect.mutates.add(first)
            names = sharing.get(first, set())
            if not is_known(first) and len(names) <= MOST_SHARING:
                effect.mutates |= names
        for name in effect.binds:
            for other in sharing.pop(name, ()):
                stands_for.pop(other, None)
            sharing.get(stands_for.pop(name, ""), set()).discard(name)
        for name, of in effect.aliases.items():
            first = stands_for.get(of, of)
            if first != name:
                stands_for[name] = first
                sharing.setdefault(first, set()).add(name)


@dataclass(frozen=True)
class Slice:
    """Statements by index, in the order in which they have to run, and the names that some of them
    need from the others.
    """

    statements: tuple[int, ...]
    computed: frozenset[str]


class Slices:
    """Finds what statements depend on.

    functions: for each statement, the names that it makes functions; what a function reads, it
    reads when it is called. left_out: statements that count as if they were not there.
    """

    def __init__(
        self,
        effects: Sequence[Effect],
        functions: Sequence[Collection[str]],
        left_out: Collection[int],
    ) -> None:
        self._effects = effects
        self._functions = functions
        self._writers: dict[str, list[int]] = {}
        stars = []
        for index, effect in enumerate(effects):
            if index in left_out:
                continue
            if "*" in effect.binds:  # from torch.nn.functional import *
                stars.append(index)
            for name in effect.writes:
                self._writers.setdefault(name, []).append(index)
        self._stars = tuple(stars)

    def needed_by(self, targets: Iterable[int], given: Given) -> Slice:
        """Return the statements that `targets` need, themselves included."""
        return _Search(self, given).run(list(targets))

    def writers_before(self, name: str, place: int) -> Iterator[int]:
        """Yield who made what a name stands for when a statement reads it, the last one first.

        One that reads the name itself comes last: it leads on to those before.
        """
        writers = self._writers.get(name, [])
        for at in range(bisect_left(writers, place) - 1, -1, -1):
            yield writers[at]
            effect = self._effects[writers[at]]
            if name in effect.fresh or name in effect.reads:
                return

    def writers_after(self, name: str, place: int) -> Iterator[int]:
        """Yield who makes the first value of a name after a statement."""
        writers = self._writers.get(name, [])
        first = bisect_left(writers, place + 1)
        for at in range(first, len(writers)):
            if at > first and name in self._effects[writers[at]].fresh:
                return
            yield writers[at]

    def stars(self, name: str) -> tuple[int, ...]:
        """Return the imports that may bind a name which nobody else does."""
        return self._stars if name not in self._writers else ()

    def read_at(self, index: int, name: str, place: int) -> int:
        """Return where the names are read that the writer of a name needs."""
        return place if name in self._functions[index] else index

    def reads(self, index: int) -> set[str]:
        """Return what a statement reads."""
        return self._effects[index].reads


class _Search:
    """One search for what some statements need."""

    def __init__(self, slices: Slices, given: Given) -> None:
        self._slices = slices
        self._given = given
        self._waiting: list[tuple[int, str, int]] = []
        self._asked: set[tuple[str, int]] = set()
        self._walked: dict[str, set[int]] = {}
        self._needs: dict[int, set[int]] = {}
        self._late: set[int] = set()
        self._computed: set[str] = set()

    def run(self, targets: list[int]) -> Slice:
        for index in targets:
            self._take(index, index)
        while self._waiting:
            reader, name, place = self._waiting.pop()
            if self._given(name, place):
                continue
            self._computed.add(name)
            for writer in self._writers(name, place):
                self._needs[reader].add(writer)
                self._take(writer, self._slices.read_at(writer, name, place))
        first = self._first_of_all(set(targets))
        order = (*first, *sorted(self._needs.keys() - set(first)))
        return Slice(order, frozenset(self._computed))

    def _writers(self, name: str, place: int) -> list[int]:
        """Return who made what a name stands for at a place, as far as they are not known yet."""
        writers = []
        known = self._walked.setdefault(name, set())
        for index in self._slices.writers_before(name, place):
            writers.append(index)
            if index in known:  # and so are those before it
                break
            known.add(index)
        if not writers:
            writers = [*self._slices.writers_after(name, place), *self._slices.stars(name)]
            self._late |= {writer for writer in writers if writer > place}
        return writers

    def _take(self, index: int, place: int) -> None:
        """Note a statement as needed, and what it reads at a place as what to look for."""
        self._needs.setdefault(index, set())
        for name in self._slices.reads(index):
            if (name, place) not in self._asked:
                self._asked.add((name, place))
                self._waiting.append((index, name, place))

    def _first_of_all(self, targets: set[int]) -> list[int]:
        """Return what later cells have to do first, and before that what they need themselves."""
        order: dict[int, None] = {}
        begun = set(targets)
        waiting = [(index, False) for index in sorted(self._late - targets, reverse=True)]
        while waiting:
            index, is_ready = waiting.pop()
            if is_ready:
                order[index] = None
            elif index not in begun:
                begun.add(index)
                needed = sorted(self._needs[index], reverse=True)
                waiting += [(index, True), *((other, False) for other in needed)]
        return list(order)
