"""A cell of a notebook as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["code", "markdown", "raw"]


@dataclass(frozen=True)
class Cell:
    """One cell: `number` counts all cells of the notebook, from 1; lines end in plain feeds."""

    number: int
    kind: Kind
    source: str
    id: str | None = None
