"""The table: one line a figure, with its target and the change since another run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from benchmarks.figures import Figure


def table(figures: Sequence[Figure], before: Mapping[str, Figure]) -> Table:
    """Return the table of figures, compared with those of another run by name."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("row", "figure"):
        made.add_column(heading)
    for heading in ("median", "spread", "target", "", "before"):
        made.add_column(heading, justify="right", no_wrap=True)
    row = ""
    for figure in figures:
        name = figure.row if figure.row != row else ""
        row = figure.row
        made.add_row(name, figure.what, *_cells(figure, before.get(figure.name)))
    return made


def _cells(figure: Figure, before: Figure | None) -> list[Text]:
    low, high = figure.spread
    spread = f"{number(low)} - {number(high)}" if len(figure.samples) > 1 else ""
    sign = "≤" if figure.at_most else "≥"
    target = "" if figure.target is None else f"{sign} {number(figure.target)}"
    verdict = {True: ("met", "green"), False: ("missed", "bold red"), None: ("", "")}[figure.met]
    texts = [f"{number(figure.median)} {figure.unit}", spread, target]
    return [*map(Text, texts), Text(verdict[0], style=verdict[1]), Text(change(figure, before))]


def number(value: float) -> str:
    """Return a number with three digits."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def change(figure: Figure, before: Figure | None) -> str:
    """Return by how much the median has changed, in words: a change within the spread is noise."""
    if before is None or before.unit != figure.unit or not before.median:
        return "-"
    moved = figure.median / before.median - 1
    low, high = before.spread
    within = len(before.samples) > 1 and low <= figure.median <= high
    return f"{number(before.median)}, {moved:+.0%}{' (noise)' if within else ''}"
