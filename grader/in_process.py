"""Ask a plain Python function in this very process: for the grader's own formulas, never for a
submission's. It answers with the same `Answer` as an examination of a submission does.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor

from grader.course.catalogue import Catalogue, Task
from grader.examiner import Examiner
from grader.question import TENSOR, Answer, Cubic, RowSparse, Seeded, Value, Wanted
from grader.sandbox.guest import loader, no_autograd
from grader.sandbox.guest.values import from_array, row_sparse
from grader.sandbox.guest.values import padded as lay_out
from grader.sandbox.host.reply import CALLED, Outcome


@dataclass
class InProcess(Examiner):
    """Stands in for an examination: every task is answered by one function.

    files: those in which an exception has its place.
    """

    course: Catalogue
    function: Callable[..., Any]
    files: tuple[str, ...] = ()

    def is_flat(self, task: Task) -> bool:
        """It is a function."""
        return False

    def ask(
        self,
        task: Task,
        inputs: Mapping[str, Value],
        wanted: Wanted = TENSOR,
        *,
        seconds: float | None = None,
        padded: bool = False,
        twice: bool = False,
        expect_bytes: int = 0,
    ) -> Answer:
        """Call the function with what it asks for."""
        asked = inspect.signature(self.function).parameters
        everything = any(p.kind is p.VAR_KEYWORD for p in asked.values())
        names = inputs if everything else asked
        given = {name: _own(inputs[name]) for name in names if name in inputs}
        if padded:
            given = {k: lay_out(v) if isinstance(v, Tensor) else v for k, v in given.items()}
        parts = {k: value.index for k, value in inputs.items() if isinstance(value, RowSparse)}
        watched = dict(_tensors({k: v for k, v in given.items() if k not in parts}))
        before = {name: value.clone() for name, value in watched.items()}
        started = time.process_time()
        try:
            for _ in range(1 + twice):
                made = self.function(**given)
        except NotImplementedError as error:
            return Answer(Outcome.NOT_IMPLEMENTED, str(error))
        except Exception as error:
            return self._failed(error)
        seconds = time.process_time() - started
        changed = [name for name, value in before.items() if not _same(value, watched[name])]
        if wanted.kind == "texts":
            return Answer(Outcome.OK, texts=list(made), changed=changed)
        if isinstance(made, dict) and set(wanted.names) <= made.keys():
            made = [made[name] for name in wanted.names]
        listed = [from_array(m) for m in (made if isinstance(made, (tuple, list)) else [made])]
        if not all(isinstance(item, (Tensor, int, float)) for item in listed):
            return Answer(Outcome.ERROR, f"TypeError: return a tensor; this is {made!r:.80}")
        tensors = [torch.as_tensor(item) for item in listed]
        if len(tensors) != max(1, len(wanted.names)):
            return Answer(Outcome.ERROR, f"{len(tensors)} values in place of {len(wanted.names)}")
        if parts:
            pairs = zip(wanted.names, tensors, strict=True)
            try:
                tensors = [t[parts[name]] if name in parts else t for name, t in pairs]
            except IndexError as error:
                return Answer(Outcome.ERROR, f"IndexError: {error}")
        storages = {value.untyped_storage().data_ptr(): name for name, value in watched.items()}
        aliased = [
            storages[pointer]
            for pointer in (tensor.untyped_storage().data_ptr() for tensor in tensors)
            if pointer in storages
        ]
        return Answer(
            Outcome.OK, tensors=tensors, changed=changed, aliased=aliased, cpu_seconds=seconds
        )

    def _failed(self, error: Exception) -> Answer:
        told = loader.failure(error, self.files)
        file, line = told["file"], told["line"]
        if not no_autograd.is_refusal(error):
            return Answer(Outcome.ERROR, f"{type(error).__name__}: {error}")
        place = f" ({file}, line {line})" if file in self.files else ""
        return Answer(Outcome.POLICY, CALLED + place, traceback=told["traceback"], line=line)


def _tensors(given: Mapping[str, Any]) -> Iterator[tuple[str, Tensor]]:
    for name, value in given.items():
        if isinstance(value, Tensor):
            yield name, value
        elif isinstance(value, list):
            yield from ((f"{name}[{i}]", item) for i, item in enumerate(value))


def _own(value: Value) -> Any:
    """Return what a function gets for a value: a copy, or the object that the value stands for."""
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, list):
        return [item.clone() for item in value]
    if isinstance(value, Seeded):
        return Generator().manual_seed(value.seed)
    if isinstance(value, RowSparse):
        return row_sparse(value.count, value.index, value.values)
    if isinstance(value, Cubic):
        a, b, c = value.coefficients
        return lambda x: (
            (a.to(x) * x**3 + b.to(x) * x**2 + c.to(x) * x).sum()
            + (b.to(x) * x).sum() * (c.to(x) * x).sum()
        )
    return value


def _same(before: Tensor, now: Tensor) -> bool:
    return torch.equal(before.nan_to_num(), now.nan_to_num())
