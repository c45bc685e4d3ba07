"""Call a function of a submission as a request asks, and bring what it returns into one form."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from . import memory
from .values import argument, normalised, tensors_of


def invoke(
    function: Callable[..., Any], header: Mapping[str, Any], tensors: Sequence[Tensor]
) -> tuple[dict[str, Any], list[Tensor]]:
    """Call a function as a header asks; return the header and tensors of the answer."""
    positional = [argument(spec, tensors) for spec in header["positional"]]
    keyword = {name: argument(spec, tensors) for name, spec in header["keyword"].items()}
    given = dict(zip(header["names"], [*positional, *keyword.values()], strict=True))
    parts = _parts(header, tensors)
    watched = dict(tensors_of({k: v for k, v in given.items() if k not in parts}))
    before = {name: memory.snapshot(value) for name, value in watched.items()}
    started = time.perf_counter()
    for _ in range(header["calls"]):
        torch.set_default_dtype(torch.float64 if header["float64"] else torch.float32)
        # The draws of one call say nothing about those of another.
        torch.default_generator.manual_seed(torch.default_generator.initial_seed())
        result = function(*positional, **keyword)
    seconds = time.perf_counter() - started
    changed = [n for n, value in watched.items() if memory.snapshot(value) != before[n]]
    answers, texts = normalised(result, header["answer"])
    if parts:
        names = header["answer"]["names"]
        pairs = zip(names, answers, strict=True)
        answers = [a[parts[name]] if name in parts else a for name, a in pairs]
    shared = {memory.address(value): name for name, value in watched.items()}
    places = [memory.address(answer) for answer in answers]
    aliased = [shared[place] for place in places if place in shared]
    said = {"changed": changed, "aliased": aliased, "texts": texts, "seconds": seconds}
    return said, answers


def _parts(header: Mapping[str, Any], tensors: Sequence[Tensor]) -> dict[str, Tensor]:
    """Return which rows of an answer are wanted, by name, where that is not all of it."""
    specs = [*header["positional"], *header["keyword"].values()]
    return {
        name: tensors[spec["value"][0]]
        for name, spec in zip(header["names"], specs, strict=True)
        if spec["kind"] == "row_sparse"
    }
