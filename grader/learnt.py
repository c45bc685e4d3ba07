"""What training came to: the loss, the curve of it, and what both are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grader.course.catalogue import Catalogue
from grader.report import CurvePoint, Training


def training(
    records: Sequence[Mapping[str, Any]], course: Catalogue, corpus: str
) -> Training | None:
    """Return the report's part on training, from the records of all checks.

    None where the corpus was not calibrated, or in a student's copy, which has the threshold alone
    and not what it was found from.
    """
    plan = course.training
    known = plan.get("loss", {}).get(corpus)
    if known is None or "losses" not in known:
        return None
    losses = [r["facts"]["loss"] for r in records if r["facts"].get("loss") is not None]
    return Training(
        loss=losses[-1] if losses else None,
        threshold=known["threshold"],
        mean=known["mean"],
        sd=known["sd"],
        seeds=len(known["losses"]),
        losses=known["losses"],
        steps=plan["steps"],
        corpus=corpus,
        curve=_curve(records, known, plan["steps"]),
    )


def _curve(
    records: Sequence[Mapping[str, Any]], known: Mapping[str, Any], steps: int
) -> list[CurvePoint]:
    """Return the submission's losses on the way, beside those of the reference solution."""
    own: dict[int, float | None] = {}
    for record in records:
        own |= record["curve"]
    end = {"steps": steps, "mean": known["mean"], "sd": known["sd"]}
    bands = {point["steps"]: point for point in (*known.get("curve", []), end)}
    return [
        CurvePoint(
            steps=place,
            loss=own.get(place),
            mean=bands.get(place, {}).get("mean"),
            sd=bands.get(place, {}).get("sd"),
        )
        for place in sorted({*own, *bands})
    ]
