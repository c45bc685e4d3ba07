"""Which of a notebook's statements answer a task, where several write the same gradient.

A candidate is a run of statements: one binds the gradient anew, others change it. It is complete at
its last write before another answer is computed from it. Later cells often assign the same name
again, as exercises 2 and 3 do, and so does a second candidate: one that is carried on counts,
because other answers that count are computed from it. Standard library only.
"""

from __future__ import annotations

from collections.abc import Sequence

from .effects import Effect
from .names import Vocabulary
from .slices import Given, Slice, Slices

MOST = 20
"""How many candidates are looked at for exercises that share a gradient: the one that is carried
on, and the last ones. Reading has to come to an end.
"""


class Candidates:
    """The candidates in a notebook. written: for each statement, the gradients that it answers."""

    def __init__(
        self,
        words: Vocabulary,
        effects: Sequence[Effect],
        written: Sequence[set[str]],
        slices: Slices,
    ) -> None:
        self._words = words
        self._effects = effects
        self._written = written
        self._slices = slices
        self._reads = [words.gradients_in(effect.reads) for effect in effects]
        self._chosen: dict[str, dict[str, list[int]]] = {}
        self._ends: dict[str, int] = {}
        self._sliced: dict[tuple[str, tuple[int, ...]], Slice] = {}

    def that_count(self, gradient: str) -> dict[str, list[int]]:
        """Return the statements that answer each task of a gradient, as far as there are any."""
        if gradient not in self._chosen:
            self._chosen[gradient] = {}  # nobody is computed from what is computed from it
            candidates = self._candidates(gradient)
            if candidates:
                self._chosen[gradient] = self._choose(gradient, candidates)
        return self._chosen[gradient]

    def needed(self, task: str, candidate: Sequence[int]) -> Slice:
        """Return the statements that an answer needs. Forward tensors and sizes are given, and so
        are gradients, but for those that are withheld: what the notebook computes of these is a
        part of the answer.
        """
        key = task, tuple(candidate)
        if key not in self._sliced:
            self._sliced[key] = self._slices.needed_by(candidate, self._given_to(task))
        return self._sliced[key]

    def _candidates(self, gradient: str) -> list[list[int]]:
        candidates: list[list[int]] = []
        for index, written in enumerate(self._written):
            if gradient in written:
                fresh = self._words.gradients_in(self._effects[index].fresh)
                if not candidates or gradient in fresh:
                    candidates.append([])
                candidates[-1].append(index)
        return candidates

    # Which candidate answers which task

    def _choose(self, gradient: str, candidates: list[list[int]]) -> dict[str, list[int]]:
        tasks = self._words.tasks[gradient]
        used = self._complete(gradient, candidates)
        if len(tasks) == 1:
            return {tasks[0][0]: used or candidates[-1]}
        # The same name is an answer to several exercises: what a candidate relies on tells which.
        candidates = candidates[-MOST:]
        if used is not None:
            candidates = [used, *(candidate for candidate in candidates if candidate[0] != used[0])]
        chosen: dict[str, list[int]] = {}
        for task, upstream in tasks:
            fitting = [c for c in candidates if c not in chosen.values()]
            fitting = [c for c in fitting if self._fits(task, upstream, c)]
            if fitting:
                chosen[task] = used if used in fitting and not chosen else fitting[-1]
                if self._is_of_lines(task):
                    self._ends[gradient] = chosen[task][-1]
        first, left = tasks[0][0], used or candidates[-1]
        if first not in chosen and left not in chosen.values() and (used or not chosen):
            chosen[first] = left
        return chosen

    def _fits(self, task: str, upstream: Sequence[str], candidate: list[int]) -> bool:
        """Tell whether a candidate relies on what arrives at a task: its own upstream gradients for
        the line-by-line one, any or none for one that takes several lines at once and is not the
        last of these lines again.
        """
        read = {name for i in self.needed(task, candidate).statements for name in self._reads[i]}
        relied_on = read - self._words.withheld[task] - {"dloss"}
        wanted = set(upstream) - {"dloss"}
        if self._is_of_lines(task):
            return bool(relied_on & wanted)
        return bool(relied_on) == bool(wanted) and not self._is_last_line(task, candidate)

    def _is_last_line(self, task: str, candidate: list[int]) -> bool:
        """Tell whether a candidate starts from the gradients from which the line-by-line answer is
        computed, as the notebook has them from there or not at all.
        """
        gradient = gradient_of(task)
        steps = set(self._words.tasks[gradient][0][1])
        end = self._ends.get(gradient, -1)
        return any(
            self._words.gradients.get(name) in steps
            and next(self._slices.writers_before(name, index), -1) <= end
            for index in candidate
            for name in self._effects[index].reads
        )

    def _is_of_lines(self, task: str) -> bool:
        return task == self._words.tasks[gradient_of(task)][0][0]

    # When a candidate is complete

    def _complete(self, gradient: str, candidates: list[list[int]]) -> list[int] | None:
        """Return the statements that have written a gradient when it is used, if it is."""
        for use in self._uses(gradient):
            before = [[i for i in candidate if i < use] for candidate in candidates]
            before = [candidate for candidate in before if candidate]
            if before:
                return before[-1]
        return None

    def _uses(self, gradient: str) -> list[int]:
        """Return the statements that read a gradient for an answer that counts, in order. Only
        answers that are carried on themselves have a say, if there are any.
        """
        ends: list[int] = []
        carried: list[int] = []
        for user, tasks in self._words.tasks.items():
            task = tasks[0][0]
            if user == gradient or gradient in self._words.withheld[task]:
                continue
            candidate = self.that_count(user).get(task)
            if candidate is not None:
                needed = self.needed(task, candidate).statements
                places = [i for i in needed if self._uses_at(i, gradient)]
                (carried if self._is_used(user) else ends).extend(sorted(places)[:1])
        return sorted(carried) or sorted(ends)

    def _uses_at(self, index: int, gradient: str) -> bool:
        return gradient in self._reads[index] and gradient not in self._written[index]

    def _is_used(self, gradient: str) -> bool:
        return any(
            self._uses_at(index, gradient) and bool(written)
            for index, written in enumerate(self._written)
        )

    # What an answer is given

    def _given_to(self, task: str) -> Given:
        gradient, withheld = gradient_of(task), self._words.withheld[task]
        upstream = next(names for full, names in self._words.tasks[gradient] if full == task)
        of_lines = self._is_of_lines(task)
        end = self._ends.get(gradient, -1)

        def is_given(name: str, place: int) -> bool:
            own = self._words.gradients.get(name)
            if own is None and name not in self._words.given:
                return False
            if own in withheld or of_lines or own in upstream:
                return own not in withheld
            if own is None and (end < 0 or self._words.given[name] not in self._words.reads):
                return True
            # A formula of its own may call its steps by names that stood for others before.
            writer = next(self._slices.writers_before(name, place), -1)
            return not end < writer < place

        return is_given


def gradient_of(task: str) -> str:
    """Return the gradient that a task asks for, by the task's full name."""
    return task.rpartition(".")[2]
