"""A question to a submission and its answer: what may be asked with, and how it is sent."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from grader.course import aliases
from grader.matching import Definition
from grader.sandbox.guest import wire
from grader.sandbox.host.reply import Outcome


@dataclass(frozen=True)
class Seeded:
    """Stands for a torch.Generator with this seed."""

    seed: int


@dataclass(frozen=True)
class Cubic:
    """Stands for the function x -> sum(a x^3 + b x^2 + c x) + (b . x)(c . x)."""

    coefficients: tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class RowSparse:
    """Stands for a table of `count` rows that are zero but for `values`, the rows at `index`.

    The table is made where it is used, so its size costs nothing on the way. Of an answer of the
    same name the rows at `index` alone come back.
    """

    count: int
    index: Tensor
    values: Tensor


Value = Tensor | list[Tensor] | int | float | str | Seeded | Cubic | RowSparse


@dataclass(frozen=True)
class Wanted:
    """What an answer has to be: a `tensor`, `tensors` of these names, `scalar`s, or `texts`."""

    kind: str = "tensor"
    names: tuple[str, ...] = ()


TENSOR = Wanted()


@dataclass(frozen=True)
class Answer:
    """What a submission said to one question, or why it said nothing."""

    outcome: Outcome
    message: str = ""
    tensors: Sequence[Tensor] = ()
    texts: Sequence[str] = ()
    changed: Sequence[str] = ()
    aliased: Sequence[str] = ()
    traceback: str = ""
    line: int | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0


def arguments(
    definition: Definition, inputs: Mapping[str, Value]
) -> tuple[list[str], dict[str, str]]:
    """Return what a function is called with, by the course's own names: by position, and by the
    names of its parameters. A parameter with a default that is not on offer is left out; those
    after it are given by name.
    """

    def offered(name: str) -> str | None:
        own = aliases.canonical(name, inputs)
        return own if own in inputs else None

    own = [offered(name) for name in definition.positional]
    positional = [*itertools.takewhile(lambda name: name is not None, own)]
    asked = definition.keyword if definition.form != "flat" else tuple(inputs)
    rest = (*definition.positional[len(positional) :], *asked)
    keyword = {name: offered(name) for name in rest}
    return [*filter(None, positional)], {name: own for name, own in keyword.items() if own}


def request(
    definition: Definition,
    inputs: Mapping[str, Value],
    wanted: Wanted,
    padded: bool,
    cap: int,
    *,
    twice: bool = False,
) -> tuple[dict[str, Any], list[bytes]]:
    """Return header and body of the request that calls a function with what it asks for.

    twice: it is called twice with the same tensors, and the second answer counts.
    """
    tensors: list[Tensor] = []

    def place(tensor: Tensor) -> int:
        tensors.append(tensor)
        return len(tensors) - 1

    def spec(value: Value) -> dict[str, Any]:
        if isinstance(value, Tensor):
            return {"kind": "padded" if padded else "tensor", "value": place(value)}
        if isinstance(value, list):
            return {"kind": "list", "value": [spec(item) for item in value]}
        if isinstance(value, Seeded):
            return {"kind": "generator", "value": value.seed}
        if isinstance(value, Cubic):
            return {"kind": "cubic", "value": [place(tensor) for tensor in value.coefficients]}
        if isinstance(value, RowSparse):
            placed = [place(value.index), place(value.values)]
            return {"kind": "row_sparse", "value": placed, "count": value.count}
        return {"kind": "plain", "value": value}

    by_position, by_name = arguments(definition, inputs)
    positional = [spec(inputs[own]) for own in by_position]
    keyword = {name: spec(inputs[own]) for name, own in by_name.items()}
    described, parts = wire.tensors_to_bytes(tensors)
    floats = [tensor.dtype for tensor in tensors if tensor.is_floating_point()]
    header = {
        "op": "call",
        "calls": 2 if twice else 1,
        "name": definition.name,
        "line": definition.line,
        "positional": positional,
        "keyword": keyword,
        "names": [*by_position, *by_name.values()],
        "float64": bool(floats) and all(str(dtype) == "torch.float64" for dtype in floats),
        "answer": {"kind": wanted.kind, "names": list(wanted.names)},
        "max_body": cap,
        "tensors": described,
    }
    return header, parts
