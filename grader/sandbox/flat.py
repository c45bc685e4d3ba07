"""Read a flat notebook: code at the top level whose variables are the answers, `dprobs = ...`.

For each task whose gradient is written there, the statements are found that its value depends on:
those that write the gradient itself, and the helpers that they use. Forward tensors, sizes and
all other gradients are not computed but given, so that each line stands for itself and one mistake
costs one task. Standard library only; the names come from the trusted side (`Vocabulary`).

An answer is complete at its last write before another answer is computed from it. Later cells often
assign the same name again: exercises 2 and 3 do.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:
    from grader.sandbox import effects
else:  # in the sandbox there is no package: these files are run by path
    import effects

GUARDS = ("no_grad", "inference_mode", "set_grad_enabled")
Loop = (ast.For, ast.While)
_MARKER = re.compile(r"^# (%%|In\[)", re.MULTILINE)


@dataclass(frozen=True)
class Vocabulary:
    """The course's names, as plain data.

    given: every spelling of a forward tensor or a size, and the course's own. gradients: the same
    for gradients. tasks: the full names of the tasks that ask for a gradient, each with its
    upstream gradients. made: what the forward pass computes. loop: every spelling of what a
    training loop is given, and loop_tasks the tasks that it answers.
    """

    given: Mapping[str, str]
    gradients: Mapping[str, str]
    tasks: Mapping[str, Sequence[tuple[str, Sequence[str]]]]
    made: frozenset[str] = frozenset()
    loop: Mapping[str, str] = field(default_factory=dict)
    loop_tasks: tuple[str, ...] = ()

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
            frozenset(plain["made"]),
            dict(plain["loop"]),
            tuple(plain["loop_tasks"]),
        )

    @property
    def spellings(self) -> dict[str, str]:
        """Return every spelling of a tensor, a size or a gradient, with the course's own."""
        return {**self.given, **self.gradients}

    def gradient(self, name: str) -> str:
        """Return the course's name of a gradient, or an empty text for any other name."""
        return self.gradients.get(name, "")


@dataclass(frozen=True)
class Answer:
    """Where a flat notebook answers a task: `statements` by index, of which `own` write the answer;
    the others are helpers.
    """

    task: str
    gradient: str
    statements: tuple[int, ...]
    own: frozenset[int]
    line: int
    end: int


def has_cells(text: str) -> bool:
    """Tell whether a source is divided into cells: by `# %%`, or `# In[` of jupyter nbconvert."""
    return _MARKER.search(text) is not None


def flatten(statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the top-level statements, and in place of `with torch.no_grad():`, `if True:` and
    `try:` what is inside.
    """
    for statement in statements:
        if isinstance(statement, ast.With) and _guards(statement):
            yield from flatten(statement.body)
        elif isinstance(statement, ast.If) and isinstance(statement.test, ast.Constant):
            yield from flatten(statement.body if statement.test.value else statement.orelse)
        elif isinstance(statement, ast.Try):
            yield from flatten(statement.body)
        else:
            yield statement


def _guards(statement: ast.With) -> bool:
    """Tell whether a block does nothing but switch gradients off, which they are anyway."""
    return all(
        any(isinstance(node, ast.Attribute) and node.attr in GUARDS for node in ast.walk(item))
        for item in statement.items
    )


def functions_in(statements: Sequence[ast.stmt]) -> list[set[str]]:
    """Return the names that each statement makes a function or a class: they are no variables."""
    known: set[str] = set()
    found = []
    for statement in statements:
        names = set()
        for node in ast.walk(statement):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                names.add(node.name)
            elif isinstance(node, (ast.Assign, ast.AnnAssign)) and _is_function(node.value, known):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names |= {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        known |= names
        found.append(names)
    return found


def _is_function(value: ast.expr | None, known: set[str]) -> bool:
    if isinstance(value, ast.Tuple):
        return any(_is_function(item, known) for item in value.elts)
    return isinstance(value, ast.Lambda) or (isinstance(value, ast.Name) and value.id in known)


class Reading:
    """The answers of one flat source."""

    def __init__(self, statements: Sequence[ast.stmt], vocabulary: Vocabulary) -> None:
        self.statements = list(flatten(statements))
        self.words = vocabulary
        changing = {
            statement.name: effects.changed_parameters(statement)
            for statement in self.statements
            if isinstance(statement, ast.FunctionDef)
        }
        self._effects = [effects.effect_of(s, changing) for s in self.statements]
        self._see_aliases()
        functions = functions_in(self.statements)
        self._written = [
            self._gradients_in(effect.writes - functions[index])
            for index, effect in enumerate(self._effects)
        ]
        self.loop = self._training_loop()

    def answers(self) -> list[Answer]:
        """Return where each task is answered, for those that are."""
        found = []
        for gradient, tasks in self.words.tasks.items():
            episodes = self._episodes(gradient)
            if not episodes:
                continue
            chosen = self._chosen(gradient, tasks, episodes)
            found += [self._answer(task, gradient, episode) for task, episode in chosen.items()]
        if self.loop is not None:
            found += self._trained(self.loop)
        return found

    def _trained(self, loop: int) -> list[Answer]:
        """Return the training loop as the answer to the tasks that are about it."""
        given = {*self.words.loop, *self.generators()}
        needed = self.needed_by([loop], given.__contains__, end=loop)
        statement = self.statements[loop]
        place = statement.lineno, statement.end_lineno or statement.lineno
        return [
            Answer(task, task.rpartition(".")[2], needed, frozenset([loop]), *place)
            for task in self.words.loop_tasks
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

    def _see_aliases(self) -> None:
        """Charge a change of `d`, where `d = dlogits` or a view of it, to dlogits as well."""
        stands_for: dict[str, str] = {}
        for effect in self._effects:
            for name in list(effect.mutates):
                if name in stands_for and not self._is_known(name):
                    effect.mutates.add(stands_for[name])
            for name in effect.binds:
                stands_for.pop(name, None)
            for name, of in effect.aliases.items():
                stands_for[name] = stands_for.get(of, of)

    def _is_known(self, name: str) -> bool:
        return name in self.words.given or name in self.words.gradients

    def _gradients_in(self, names: set[str]) -> set[str]:
        return {self.words.gradient(name) for name in names} - {""}

    def _training_loop(self) -> int | None:
        """Return the last loop that runs a forward pass and changes parameters, or None."""
        for index in reversed(range(len(self.statements))):
            if isinstance(self.statements[index], Loop) and self._is_forward(index):
                return index
        return None

    def _is_forward(self, index: int) -> bool:
        """Tell whether a loop computes forward tensors: it is no answer to a single gradient."""
        made = {self.words.given.get(name, "") for name in self._effects[index].binds}
        return isinstance(self.statements[index], Loop) and len(made & self.words.made) >= 2

    # Episodes: a name is bound, changed, perhaps changed again, and then used

    def _episodes(self, gradient: str) -> list[list[int]]:
        """Return the runs of statements that write a gradient, each from where it is bound anew."""
        episodes: list[list[int]] = []
        for index, written in enumerate(self._written):
            if gradient not in written or self._is_forward(index):
                continue
            if not episodes or self._begins(index, gradient):
                episodes.append([])
            episodes[-1].append(index)
        return episodes

    def _begins(self, index: int, gradient: str) -> bool:
        """Tell whether a statement gives a gradient a value that owes nothing to its former one."""
        effect = self._effects[index]
        simple = isinstance(self.statements[index], (ast.Assign, ast.AnnAssign))
        bound = gradient in self._gradients_in(effect.binds)
        return simple and bound and gradient not in self._gradients_in(effect.reads)

    def _used_at(self, gradient: str) -> list[int]:
        """Return the statements that compute another answer from a gradient."""
        return [
            index
            for index, effect in enumerate(self._effects)
            if gradient in self._gradients_in(effect.reads)
            and self._written[index] - {gradient}
            and not self._is_forward(index)
        ]

    def _complete(self, gradient: str, episodes: list[list[int]]) -> list[int]:
        """Return the episode whose value is first used by another answer, up to that use."""
        for use in self._used_at(gradient):
            before = [[i for i in episode if i < use] for episode in episodes]
            before = [episode for episode in before if episode]
            if before:
                return before[-1]
        return episodes[-1]

    def _chosen(
        self,
        gradient: str,
        tasks: Sequence[tuple[str, Sequence[str]]],
        episodes: list[list[int]],
    ) -> dict[str, list[int]]:
        """Return the episode that answers each task of a gradient."""
        used = self._complete(gradient, episodes)
        if len(tasks) == 1:
            return {tasks[0][0]: used}
        # The same name is an answer to several exercises: what an episode relies on tells which.
        episodes = [used if episode[0] == used[0] else episode for episode in episodes]
        fits = {
            task: [episode for episode in episodes if self._fits(gradient, upstream, episode)]
            for task, upstream in tasks
        }
        chosen = {task: fitting[-1] for task, fitting in fits.items() if fitting}
        first = tasks[0][0]
        if used in fits[first] or (first not in chosen and self._used_at(gradient)):
            chosen[first] = used
        return chosen

    def _fits(self, gradient: str, upstream: Sequence[str], episode: list[int]) -> bool:
        """Tell whether an episode relies on these upstream gradients; on none if there are none."""
        statements, _ = self._slice(gradient, episode)
        reads = {name for index in statements for name in self._effects[index].reads}
        relied_on = self._gradients_in(reads) - {gradient}
        wanted = set(upstream) - {"dloss"}
        return bool(relied_on & wanted) if wanted else not relied_on

    # Slices

    def _answer(self, task: str, gradient: str, episode: list[int]) -> Answer:
        statements, own = self._slice(gradient, episode)
        last = self.statements[episode[-1]]
        first = self.statements[episode[0]]
        return Answer(task, gradient, statements, own, first.lineno, last.end_lineno or last.lineno)

    def _slice(self, gradient: str, episode: list[int]) -> tuple[tuple[int, ...], frozenset[int]]:
        needed = self.needed_by(episode, self._is_known, end=episode[-1])
        return needed, frozenset(episode)

    def needed_by(
        self, targets: Sequence[int], given: Callable[[str], bool], end: int
    ) -> tuple[int, ...]:
        """Return the statements that `targets` need, themselves included, in order.

        given: tells of a name whether its value is given, so that nobody has to compute it. end:
        the statement that comes last, where there is a choice.
        """
        chosen = set(targets)
        seen: set[str] = set()
        waiting = [name for index in targets for name in self._effects[index].reads]
        while waiting:
            name = waiting.pop()
            if name in seen or given(name):
                continue
            seen.add(name)
            for index in self._writers(name, end):
                if index not in chosen:
                    chosen.add(index)
                    waiting += self._effects[index].reads
        return tuple(sorted(chosen))

    def needed_by_line(self, line: int) -> tuple[int, ...]:
        """Return what the statement at a line depends on, itself included, if there is one."""
        places = [i for i, statement in enumerate(self.statements) if statement.lineno == line]
        if not places:
            return ()
        return self.needed_by(places[-1:], lambda name: False, end=len(self.statements))

    def names_in(self, places: Sequence[int]) -> set[str]:
        """Return every name that some of the statements read or bind."""
        return {name for i in places for name in self._effects[i].reads | self._effects[i].writes}

    def _writers(self, name: str, end: int) -> list[int]:
        """Return the statements that write a helper: those before `end`, or else those after it,
        because cells can be run in any order.
        """
        writers = [
            index
            for index, effect in enumerate(self._effects)
            if (name in effect.writes or "*" in effect.binds) and not self._is_forward(index)
        ]
        return [index for index in writers if index <= end] or writers

    def spelled(self, index: int, gradient: str) -> str:
        """Return the name that a statement gives a gradient, or the course's own."""
        written = self._effects[index].writes
        return next((n for n in written if self.words.gradient(n) == gradient), gradient)
