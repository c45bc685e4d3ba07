"""Findings, each once: the same code at several places is one thing to judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.report import Finding

MOST_PLACES = 5


@dataclass(frozen=True)
class Gathered:
    """A finding and all places where it stands; `tasks` are those that depend on any of them."""

    first: Finding
    places: tuple[str, ...]
    tasks: tuple[str, ...]

    @property
    def place(self) -> str:
        """Return where it stands, in words."""
        return in_words(self.places)


def in_words(places: Sequence[str]) -> str:
    """Return places in words: at most five, and how many more there are."""
    told = list(places[:MOST_PLACES])
    more = len(places) - len(told)
    if more:
        told.append(f"{more} more place{'s' if more > 1 else ''}")
    return "; ".join(told)


def gathered(findings: Sequence[Finding]) -> list[Gathered]:
    """Return findings by their ids, in the order in which these appear first."""
    by_id: dict[str, list[Finding]] = {}
    for finding in findings:
        by_id.setdefault(finding.id, []).append(finding)
    return [
        Gathered(
            several[0],
            tuple(dict.fromkeys(finding.place for finding in several)),
            tuple(dict.fromkeys(task for finding in several for task in finding.tasks)),
        )
        for several in by_id.values()
    ]
