"""The loss over the steps of training: the submission's, and the band of the reference solution."""

from __future__ import annotations

import math
from dataclasses import dataclass

from grader.render.pictures.strip import ticks
from grader.report import CurvePoint, Training

WIDTH_OF_BAND = 2.0
"""In standard deviations, to both sides of the mean."""


@dataclass(frozen=True)
class Tick:
    """A place on an axis, in per cent of its length, and what is written there."""

    place: float
    text: str


@dataclass(frozen=True)
class Curve:
    """Lines as `points` of SVG in a square of 100 by 100 that is stretched to the picture."""

    own: str
    dots: list[tuple[float, float]]
    mean: str
    band: str
    threshold: float
    across: list[Tick]
    up: list[Tick]
    beyond: bool


def curve(training: Training) -> Curve | None:
    """Lay out the losses over the logarithm of the steps; None if there is nothing to compare.

    A loss far above the reference's is drawn at the upper edge; `beyond` tells so.
    """
    known = [point for point in training.curve if point.mean is not None and point.sd is not None]
    if len(known) < 2:
        return None
    lows, highs = zip(*(_band(point) for point in known), strict=True)
    low: float = min(*lows, training.threshold)
    high: float = max(highs)
    roof = high + (high - low) / 2
    losses = [(p, min(p.loss, roof)) for p in training.curve if p.loss is not None]
    low = min([low, *(max(loss, low - (high - low) / 2) for _, loss in losses)])
    high = max([high, *(loss for _, loss in losses)])
    first, last = (math.log(training.curve[index].steps) for index in (0, -1))

    def across(point: CurvePoint) -> float:
        return round(100.0 * (math.log(point.steps) - first) / ((last - first) or 1.0), 2)

    def down(loss: float) -> float:
        return round(min(100.0, 96.0 - 92 * (loss - low) / ((high - low) or 1.0)), 2)

    dots = [(across(point), down(loss)) for point, loss in losses]
    places = [across(point) for point in known]
    edge = list(zip(places, map(down, highs), strict=True))
    edge += list(zip(places, map(down, lows), strict=True))[::-1]
    means = [down(point.mean) for point in known if point.mean is not None]
    return Curve(
        own=_points(dots),
        dots=dots,
        mean=_points(list(zip(places, means, strict=True))),
        band=_points(edge),
        threshold=down(training.threshold),
        across=[Tick(across(point), f"{point.steps}") for point in training.curve],
        up=[Tick(down(loss), f"{loss:.10g}") for loss in ticks(low, high, 6)],
        beyond=any(p.loss is not None and p.loss > roof for p in training.curve),
    )


def _band(point: CurvePoint) -> tuple[float, float]:
    mean, reach = point.mean or 0.0, WIDTH_OF_BAND * (point.sd or 0.0)
    return mean - reach, mean + reach


def _points(places: list[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)
