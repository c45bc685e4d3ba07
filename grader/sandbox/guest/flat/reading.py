"""Read a flat notebook: code at the top level whose variables are the answers, `dprobs = ...`.

For each task whose gradient is written there, the statements are found that its value depends on:
those that write the gradient itself, and the helpers that they use. Forward tensors, sizes and
all other gradients are not computed but given, so that each line stands for itself and one mistake
costs one task. Standard library only; the names come from the trusted side (`Vocabulary`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from . import candidates, effects, slices, statements
from .names import Vocabulary


@dataclass(frozen=True)
class FlatAnswer:
    """Where a flat notebook answers a task: `statements` by index, of which `own` write the answer;
    the others are helpers, which compute what is not given.
    """

    task: str
    gradient: str
    statements: tuple[int, ...]
    computed: frozenset[str]
    own: frozenset[int]
    line: int
    end: int


class Reading:
    """The answers of one flat source. `words` is the vocabulary with the notebook's own names."""

    def __init__(self, source: Sequence[ast.stmt], vocabulary: Vocabulary) -> None:
        flat = list(statements.flatten(source, vocabulary.gradients))
        self.statements = statements.unwrap(flat, vocabulary.gradients)
        defined = [s for s in self.statements if isinstance(s, ast.FunctionDef)]
        changing = {function.name: effects.changed_parameters(function) for function in defined}
        self._effects = [effects.effect_of(s, changing) for s in self.statements]
        self._inside = {function.name: effects.stored_in(function) for function in defined}
        self.words = vocabulary.of_notebook(self._effects)
        slices.charge_aliases(self._effects, self.words.is_known)
        functions = statements.functions_in(self.statements)
        forward = [index for index in range(len(self.statements)) if self._is_forward(index)]
        self._slices = slices.Slices(self._effects, functions, frozenset(forward))
        self._written = [
            self.words.gradients_in(effect.writes - functions[index])
            for index, effect in enumerate(self._effects)
        ]
        self.loop = self._training_loop(forward)
        self._shows_gradients = self.loop is not None and bool(self._written[self.loop])
        for index in forward:
            self._written[index] = set()
        self._candidates = candidates.Candidates(
            self.words, self._effects, self._written, self._slices
        )
        self._by_line: dict[int, list[int]] = {}
        for index, statement in enumerate(self.statements):
            self._by_line.setdefault(statement.lineno, []).append(index)

    def answers(self) -> list[FlatAnswer]:
        """Return where each task is answered, for those that are."""
        found = []
        for gradient in self.words.tasks:
            for task, own in self._candidates.that_count(gradient).items():
                last, first = self.statements[own[-1]], self.statements[own[0]]
                end = last.end_lineno or last.lineno
                needed = self._candidates.needed(task, own)
                parts = needed.statements, needed.computed, frozenset(own)
                found.append(FlatAnswer(task, gradient, *parts, first.lineno, end))
        if self.loop is not None:
            found += self._trained(self.loop)
        return found

    def also_written(self, own: frozenset[int], gradient: str) -> set[str]:
        """Return the names of other answers that the statements of an answer write, too."""
        written = {name for index in own for name in self._effects[index].writes}
        return {name for name in written if self.words.gradients.get(name, gradient) != gradient}

    # The training loop

    def _is_forward(self, index: int) -> bool:
        """Tell whether a loop computes forward tensors: it is no answer to a single gradient."""
        if not isinstance(self.statements[index], (ast.For, ast.While)):
            return False
        effect = self._effects[index]
        binds = set(effect.binds)
        if self._mentions(index, "randint"):  # it draws minibatches, perhaps for a function
            binds = binds.union(*(self._inside.get(name, ()) for name in effect.reads))
        made = {self.words.given.get(name, "") for name in binds}
        return len(made & self.words.reads.keys()) >= 2

    def _training_loop(self, forward: Sequence[int]) -> int | None:
        """Return the last loop with gradients of its own, or else one that leaves them to autograd
        or to a function; a loop that does neither draws samples.
        """
        manual = [index for index in forward if self._written[index]]
        others = [i for i in forward if self._mentions(i, "backward", "grad", "randint")]
        return max(manual or others, default=None)

    def _mentions(self, index: int, *attributes: str) -> bool:
        return any(
            isinstance(node, ast.Attribute) and node.attr in attributes
            for node in ast.walk(self.statements[index])
        )

    def _trained(self, loop: int) -> list[FlatAnswer]:
        """Return the training loop as the answer to the tasks that are about it."""
        given = {*self.words.loop, *self.generators()}
        needed = self._slices.needed_by([loop], lambda name, _: name in given)
        parts = needed.statements, needed.computed
        statement = self.statements[loop]
        place = statement.lineno, statement.end_lineno or statement.lineno
        seen = self._shows_gradients or self._mentions(loop, "backward", "grad")
        return [
            FlatAnswer(task, candidates.gradient_of(task), *parts, frozenset([loop]), *place)
            for task in (self.words.loop_tasks if seen else self.words.loop_tasks[:1])
        ]

    def generators(self) -> set[str]:
        """Return the names of the generators that the training loop draws from."""
        assert self.loop is not None
        return {
            node.value.id
            for node in ast.walk(self.statements[self.loop])
            if isinstance(node, ast.keyword)
            and node.arg == "generator"
            and isinstance(node.value, ast.Name)
        }

    def needed_by_line(self, line: int) -> tuple[int, ...]:
        """Return what the statements at a line depend on, themselves included, if there are any."""
        return self._slices.needed_by(self._by_line.get(line, []), _nothing).statements

    def names_in(self, places: Iterable[int]) -> set[str]:
        """Return every name that some of the statements read or bind."""
        return {name for i in places for name in self._effects[i].reads | self._effects[i].writes}

    def spelled(self, index: int, gradient: str) -> str:
        """Return the name that a statement gives a gradient, or the course's own."""
        written = sorted(self._effects[index].writes)
        return next((n for n in written if self.words.gradients.get(n) == gradient), gradient)


def _nothing(name: str, place: int) -> bool:
    """Nothing is given to a function that is defined in a cell."""
    return False
