"""Notebooks in the sandbox: an answer at the top level as a function of what is given.

A notebook is never run from top to bottom: its other cells read files, draw pictures and train for
minutes. Only those statements are run that the answer in question depends on.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
import torch.nn.functional

from . import loader
from .flat.reading import Reading


def function(
    file: str, reading: Reading, name: str, line: int, namespace: dict[str, Any]
) -> tuple[Any, list[loader.Failure]]:
    """Run what the function defined at a line depends on; return it and what failed on the way."""
    needed = [reading.statements[index] for index in reading.needed_by_line(line)]
    failures = loader.run_parsed(file, needed, namespace)
    return namespace.get(name), failures


def answer(file: str, reading: Reading, task: str) -> FlatLine | FlatLoop:
    """Return the answer to a task, ready to be called. Raises TypeError for a loop of no use."""
    kind = FlatLoop if task in reading.words.loop_tasks else FlatLine
    return kind(file, reading, task)


class FlatLine:
    """An answer at the top level, as a function of tensors, sizes and upstream gradients."""

    def __init__(self, file: str, reading: Reading, task: str) -> None:
        answer = next(answer for answer in reading.answers() if answer.task == task)
        self._file = file
        self._own = answer.own
        self._result = reading.spelled(max(answer.own), answer.gradient)
        known = reading.words.spellings.items()
        self._spellings = {name: own for name, own in known if name not in answer.computed}
        self._also_written = reading.also_written(answer.own, answer.gradient)
        statements = [(index, reading.statements[index]) for index in answer.statements]
        self._codes = [(i, s.lineno, loader.compiled(file, s)) for i, s in statements]

    def __call__(self, **given: Any) -> Any:
        """Run the statements and return what the answer's name stands for then.

        A helper that fails is passed over: perhaps it was not needed. Raises what the answer's own
        statements raise.
        """
        names = {name: given[own] for name, own in self._spellings.items() if own in given}
        # A loop that answers several tasks at once changes what stands for the others' answers.
        names |= {name: names[name].clone() for name in self._also_written & names.keys()}
        namespace = {**_ground(), **names}
        failed, cause = "", None
        for index, line, code in self._codes:
            try:
                exec(code, namespace)
            except Exception as error:
                if index in self._own:
                    if failed and isinstance(error, NameError):
                        error.args = (f"{error} ({failed})",)
                        raise error from cause
                    raise
                told = f"{self._file}, line {line}: {type(error).__name__}: {error}"
                failed, cause = failed or told[:200], cause or error
            # What is given stays what it was, whatever a statement binds on the side.
            namespace |= names
        if self._result not in namespace:
            raise NameError(f"{self._result} has no value after its last statement")
        return namespace[self._result]


def _ground() -> dict[str, Any]:
    return {"__name__": "__main__", "torch": torch, "F": torch.nn.functional}


class FlatLoop:
    """A training loop at the top level, as a function of data, parameters and a number of steps.

    Called like `train` of the course, it returns the parameters that the loop leaves behind;
    without `steps` it runs one, and returns the gradients that it computed.
    """

    def __init__(self, file: str, reading: Reading, task: str) -> None:
        answer = next(answer for answer in reading.answers() if answer.task == task)
        (self._place,) = answer.own
        loop = reading.statements[self._place]
        if not isinstance(loop, ast.For):
            raise TypeError("the training loop is a `while`: write it as `for i in range(...)`")
        bounded = ast.Call(ast.Name(STEPS, ast.Load()), [loop.iter], [])
        loop = ast.For(loop.target, bounded, loop.body, loop.orelse, lineno=loop.lineno)
        loop = ast.fix_missing_locations(ast.copy_location(loop, reading.statements[self._place]))
        self._helpers = [
            loader.compiled(file, reading.statements[index])
            for index in answer.statements
            if index != self._place
        ]
        self._code = loader.compiled(file, loop)
        self._words = reading.words
        self._generators = reading.generators()

    def __call__(self, **given: Any) -> Any:
        """Run the loop. Raises what it raises."""
        values = {**_sizes(given), **given}
        names = {name: values[own] for name, own in self._words.loop.items() if own in values}
        names |= dict.fromkeys(self._generators, given["generator"])
        namespace = {**_ground(), **names}
        for code in self._helpers:
            try:
                exec(code, namespace)
            except Exception:  # perhaps it was not needed; the loop says so if it was
                continue
            finally:
                namespace |= names
        # A loop may draw its minibatches without a generator; the first draws are the same then.
        torch.default_generator.manual_seed(given["generator"].initial_seed())
        steps, decay_at = given.get("steps", 1), given.get("decay_at", 1)
        begun: list[Any] = []
        namespace[STEPS] = lambda whole: _counted(_shortened(whole, steps, decay_at), begun)
        exec(self._code, namespace)
        if begun:
            raise RuntimeError(
                f"the loop stopped in step {len(begun)} of {steps}: take its `break` out"
            )
        if "steps" in given:
            return {own: namespace[name] for name, own in self._spelled(namespace, names)}
        found = self._words.gradients.items()
        return {own: namespace[name] for name, own in found if name in namespace}

    def _spelled(
        self, namespace: Mapping[str, Any], names: Mapping[str, Any]
    ) -> Iterator[tuple[str, str]]:
        """Yield the parameters in every spelling, those that were bound anew last: they count."""
        pairs = [(name, self._words.loop[name]) for name in names if name in self._words.loop]
        yield from sorted(pairs, key=lambda pair: namespace[pair[0]] is not names[pair[0]])


STEPS = "_bounded_steps"


def _sizes(given: Mapping[str, Any]) -> dict[str, int]:
    """Return the sizes that the shapes of data and parameters tell."""
    vocab, embedded = given["C"].shape
    hidden, block = given["W1"].shape[1], given["X"].shape[1]
    return {"vocab_size": vocab, "n_embd": embedded, "n_hidden": hidden, "block_size": block}


def _counted(steps: Iterable[Any], begun: list[Any]) -> Iterator[Any]:
    """Yield steps and note each one in `begun`, which is empty again after the last."""
    for step in steps:
        begun.append(step)
        yield step
    begun.clear()


def _shortened(whole: Iterable[Any], steps: int, decay_at: int) -> Iterator[Any]:
    """Yield `steps` of a loop's steps: `decay_at` from its beginning, and the others from its end,
    where the learning rate has decayed.
    """
    try:
        count = len(whole)  # type: ignore[arg-type]
    except TypeError:
        yield from itertools.islice(whole, steps)
        return
    jump = max(0, count - steps)
    for number, step in enumerate(whole):
        if number < decay_at or number >= decay_at + jump:
            yield step
