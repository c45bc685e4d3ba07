"""The losses of the calibration on a line, with the threshold and the submission's own loss."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from grader.report import Training


@dataclass(frozen=True)
class Mark:
    """A place on the strip of losses: how far along in per cent, and how its label is set."""

    x: float
    text: str

    @property
    def anchor(self) -> str:
        """Return how to set the label, so that it does not leave the picture."""
        return "start" if self.x < 20 else "end" if self.x > 80 else "middle"


@dataclass(frozen=True)
class Strip:
    """The losses of the calibration on a line, with the threshold and the submission's own loss."""

    dots: list[tuple[float, int]]
    threshold: Mark
    own: Mark | None
    ticks: list[Mark]
    rows: int


def strip(training: Training) -> Strip:
    """Lay out the losses; a loss far off the others stands at the edge that it lies beyond."""
    known = [*training.losses, training.threshold]
    low, high = min(known), max(known)
    reach = 1.5 * ((high - low) or 1.0)
    loss = training.loss if training.loss is not None and math.isfinite(training.loss) else None
    shown = None if loss is None else min(max(loss, low - reach), high + reach)
    if shown is not None:
        low, high = min(low, shown), max(high, shown)
    width = (high - low) or 1.0

    def place(value: float) -> float:
        return round(4 + 92 * (value - low) / width, 2)

    dots = list(_stacked([place(value) for value in sorted(training.losses)]))
    return Strip(
        dots=dots,
        threshold=Mark(place(training.threshold), f"threshold {training.threshold:.4f}"),
        own=None if loss is None or shown is None else Mark(place(shown), _own(loss, shown)),
        ticks=[Mark(place(value), f"{value:.10g}") for value in ticks(low, high)],
        rows=max((row for _, row in dots), default=0) + 1,
    )


def _own(loss: float, shown: float) -> str:
    return f"this loss {loss:.4f}" if shown == loss else f"this loss {loss:.4g}, off the scale"


def _stacked(places: list[float], width: float = 2.6) -> Iterator[tuple[float, int]]:
    """Yield each place with the lowest row in which it covers no dot before it."""
    ends: list[float] = []
    for place in places:
        free = (row for row, end in enumerate(ends) if place >= end)
        row = next(free, len(ends))
        ends[row : row + 1] = [place + width]
        yield place, row


def ticks(low: float, high: float, parts: int = 4) -> list[float]:
    """Return round numbers between two others that divide them in about so many parts."""
    wanted = (high - low or 1.0) / parts
    power = 10.0 ** math.floor(math.log10(wanted))
    sizes = [factor * power for factor in (1, 2, 5, 10)]
    step = next(b for a, b in pairwise([0.0, *sizes]) if b >= wanted or a == sizes[-2])
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(n * step, 12) for n in range(first, last + 1)]
