"""Sketches: what wrong formulas give on the public cases, without the formulas.

A wrong formula stands close to the right one, so a distribution for students has no formula of the
bank of misconceptions. It has a sketch of each result: its shape and a few sums with random signs.
An answer with the same sketch is the same tensor for all practical purposes, and nobody reads a
formula out of eight numbers.
"""

from __future__ import annotations

import base64
import functools
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Generator, Tensor

from grader.course import catalogue

FILE = Path(catalogue.__file__).with_name("sketches.json")
SUMS = 8
SIGNS_SEED = 8


@dataclass(frozen=True)
class Sketch:
    """A shape, and SUMS sums of a tensor's entries with random signs, as base64 of float64."""

    shape: tuple[int, ...]
    sums: str

    def numbers(self) -> Tensor:
        """Return the sums (SUMS,)."""
        return torch.frombuffer(bytearray(base64.b64decode(self.sums)), dtype=torch.float64)


@dataclass(frozen=True)
class Known:
    """A misconception by its name and texts, and the sketch of its result on each case."""

    id: str
    says: str
    nudge: str
    of: Mapping[str, Sketch]

    @property
    def task(self) -> str:
        """Return the full name of its task."""
        return self.id.partition("/")[0]


def _sums(tensor: Tensor) -> Tensor:
    generator = Generator().manual_seed(SIGNS_SEED)
    signs = torch.randint(0, 2, (SUMS, tensor.numel()), generator=generator) * 2 - 1
    return signs.double() @ tensor.double().flatten()


def of_tensor(tensor: Tensor) -> Sketch | None:
    """Return the sketch of a tensor; none if it is empty or has entries that are not finite."""
    if not tensor.numel() or not bool(tensor.isfinite().all()):
        return None
    numbers = _sums(tensor).numpy().astype("<f8").tobytes()
    return Sketch(tuple(tensor.shape), base64.b64encode(numbers).decode())


def match(task: str, case: str, got: Tensor, unit: float, bound: float) -> Known | None:
    """Return the misconception whose result on a case an answer is, if there are sketches of it.

    task: full name. unit, bound: those of the verdict.
    """
    sums = None
    for known in _of_task(task):
        sketch = known.of.get(case)
        if sketch is None or sketch.shape != tuple(got.shape):
            continue
        if sums is None:
            if not bool(got.isfinite().all()):
                return None
            largest = max(unit, got.double().abs().max().item())
            # Rounding of single entries adds up as a random walk does.
            tolerance = bound * largest * max(1.0, math.sqrt(got.numel()) / 10)
            sums = _sums(got)
        if bool(((sums - sketch.numbers()).abs() <= tolerance).all()):
            return known
    return None


def text_of(entries: list[Known]) -> str:
    """Return entries as the text of a file of sketches."""
    return json.dumps([asdict(entry) for entry in entries], indent=1) + "\n"


@functools.cache
def _by_task() -> dict[str, list[Known]]:
    """Return the entries of the file of sketches by task; where the bank is, there is no file."""
    found: dict[str, list[Known]] = {}
    if FILE.is_file():
        for plain in json.loads(FILE.read_text(encoding="utf-8")):
            of = {case: Sketch(tuple(s["shape"]), s["sums"]) for case, s in plain["of"].items()}
            known = Known(plain["id"], plain["says"], plain["nudge"], of)
            found.setdefault(known.task, []).append(known)
    return found


def _of_task(task: str) -> list[Known]:
    return _by_task().get(task, [])
