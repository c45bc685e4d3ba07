"""The percent format: a whole notebook as one Python text, and back.

A cell starts at a line `# %%`. Code stays code, what only IPython understands becomes a comment,
and so does prose. Editors take such a file for a notebook.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from grader.notebook import magics
from grader.notebook.cells import Cell, Kind

_NUMBER = re.compile(r"\bcell (\d{1,9})\b")
_KIND = re.compile(r"\[(markdown|md|raw)\]")
_ID = re.compile(r'\bid="([A-Za-z0-9_-]{1,64})"')


def to_source(cells: Sequence[Cell], *, prose: bool = True) -> str:
    """Return the cells as one Python text; each line of a cell is one line of it.

    prose: without it, cells that are no code are left out; the others keep their numbers.
    """
    shown = [cell for cell in cells if prose or cell.kind == "code"]
    parts = [f"{_header(cell)}\n{_body(cell)}\n" for cell in shown]
    return "\n".join(parts)


def _header(cell: Cell) -> str:
    told = f"cell {cell.number}" if cell.kind == "code" else f"[{cell.kind}]"
    own = f' id="{cell.id}"' if cell.id else ""
    return f"# %% {told}{own}"


def _body(cell: Cell) -> str:
    if cell.kind == "code":
        return magics.commented(cell.source)
    return "\n".join(magics.hashed(line) for line in cell.source.split("\n"))


def from_percent(text: str) -> list[Cell]:
    """Return the cells of a text in the percent format; what stands before the first is code."""
    cells = []
    for number, (header, body) in enumerate(_blocks(text), 1):
        found = _KIND.search(header)
        kind: Kind = "code" if not found else "raw" if found[1] == "raw" else "markdown"
        own = _ID.search(header)
        if kind == "code":
            source = magics.restored(body)
        else:
            source = "\n".join(magics.unhashed(line) for line in body.split("\n"))
        cells.append(Cell(number, kind, source, own[1] if own else None))
    return cells


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield the header and the body of every cell."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    starts = [at for at, line in enumerate(lines) if magics.HEADER.match(line)]
    bounds = [*starts, len(lines)]
    if any(line.strip() for line in lines[: bounds[0]]):
        yield "", "\n".join(_without_last_blank(lines[: bounds[0]]))
    for start, end in pairwise(bounds):
        yield lines[start], "\n".join(_without_last_blank(lines[start + 1 : end]))


def _without_last_blank(lines: list[str]) -> list[str]:
    """Leave out the line that parts two cells, or that the last line feed of a file makes."""
    return lines[:-1] if len(lines) > 1 and not lines[-1] else lines


@dataclass(frozen=True)
class Index:
    """Where the cells of `to_source`'s text begin, to find many places in it.

    starts, numbers: of each cell the line of its header, and what it is called. length: in lines.
    """

    starts: Sequence[int]
    numbers: Sequence[int]
    length: int

    @classmethod
    def of(cls, source: str) -> Index:
        """Read a text once; one without cells is one cell."""
        lines = source.split("\n")
        starts, numbers = [0], [1]
        for at, told in enumerate(lines, 1):
            if magics.HEADER.match(told):
                named = _NUMBER.search(told)
                numbers.append(int(named[1]) if named else numbers[-1] + (len(starts) > 1))
                starts.append(at)
        return cls(starts, numbers, len(lines))

    def locate(self, line: int) -> tuple[int, int]:
        """Return where a line is: number of the cell, line in it from 1; its header is line 0."""
        cell = max(0, bisect_right(self.starts, line) - 1)
        return self.numbers[cell], line - self.starts[cell]


def locate(source: str, line: int) -> tuple[int, int]:
    """Return where one line of `to_source`'s text is; see `Index`."""
    return Index.of(source).locate(line)
