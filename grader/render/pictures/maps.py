"""A wrong answer, the reference and their difference as heat maps.

A map is a few paths, one for each colour, and not an element for each cell: a page with thirty
pictures stays light.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from grader.report import Picture

BOUNDS = (20, 100, 300, 550, 800)
"""From which size on an entry has the next colour, in thousandths of the scale."""

STRIP_HEIGHT = 4
LARGE, SMALL, ACROSS = 24, 9, 288
"""Sides of a cell in pixels, and how wide a map would like to be."""


@dataclass(frozen=True)
class Panel:
    """One map, in units of a cell.

    paths: a style's name and the outline of all cells that have it. frames: corners of the marked
    cells, the worst entry's last. side: of a cell, in pixels. tall: height of a cell.
    """

    name: str
    paths: list[tuple[str, str]]
    columns: int
    rows: int
    frames: list[tuple[int, int]]
    side: int
    tall: int


def panels(picture: Picture) -> list[Panel]:
    """Lay out the three maps of a picture."""
    maps = {
        "yours": picture.yours,
        "expected": picture.expected,
        "yours minus expected": picture.difference,
    }
    marks = [(mark.column, mark.row) for mark in reversed(picture.marks)]
    return [_panel(name, [row.split() for row in rows], marks) for name, rows in maps.items()]


def _panel(name: str, rows: list[list[str]], marks: list[tuple[int, int]]) -> Panel:
    columns, tall = max(map(len, rows), default=0), STRIP_HEIGHT if len(rows) == 1 else 1
    outlines: dict[str, str] = {}
    for y, row in enumerate(rows):
        for style, x, width in _runs(row):
            piece = f"M{x} {y * tall}h{width}v{tall}h-{width}z"
            outlines[style] = outlines.get(style, "") + piece
    side = max(SMALL, min(LARGE, ACROSS // max(columns, len(rows), 1)))
    return Panel(name, sorted(outlines.items()), columns, len(rows), marks, side, tall)


def _runs(row: list[str]) -> Iterator[tuple[str, int, int]]:
    """Yield neighbours of one colour: its name, the first column and how many they are."""
    x = 0
    for style, cells in groupby(map(colour, row)):
        width = len(list(cells))
        if style:
            yield style, x, width
        x += width


def colour(cell: str) -> str:
    """Return the name of a cell's colour: nothing for next to nothing, `up1` to `up5`, ..."""
    if cell == "nan":
        return "broken"
    value = int(cell)
    level = sum(abs(value) >= bound for bound in BOUNDS)
    return f"{'up' if value > 0 else 'down'}{level}" if level else ""


def entries(picture: Picture) -> int:
    """Return how many entries the tensor has."""
    rows, columns = picture.size
    return rows * columns
