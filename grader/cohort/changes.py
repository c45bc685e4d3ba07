"""What moved between two runs on one ledger: for whom, by how much, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from grader.cohort.index import Entry, Index


@dataclass(frozen=True)
class Move:
    """One student whose outcome, score or tasks are not what they were."""

    before: Entry
    after: Entry
    reasons: tuple[str, ...]
    tasks: tuple[str, ...]

    def __str__(self) -> str:
        after = self.after
        who = after.id if after.id == after.name else f"{after.id} ({after.name})"
        lines = [f"{who}: {_told(self.before)} -> {_told(after)}; {', '.join(self.reasons)}"]
        return "\n".join([*lines, *(f"    {task}" for task in self.tasks)])


def moved(before: Index, after: Index) -> Iterator[Move]:
    """Yield a move for every student of both runs to whom something happened."""
    conditions = _differences(before, after)
    earlier = {entry.id: entry for entry in before.entries}
    for entry in after.entries:
        old = earlier.get(entry.id)
        if old is None or (old.report, old.outcome) == (entry.report, entry.outcome):
            continue
        tasks = tuple(_tasks(before, old, after, entry))
        if tasks or _told(old) != _told(entry):
            changed = [] if old.digest == entry.digest else ["submission"]
            reasons = (*changed, *conditions)
            if "infrastructure" in (old.outcome, entry.outcome):
                reasons = (*reasons, "infrastructure")
            yield Move(old, entry, tuple(f"{reason} changed" for reason in reasons), tasks)


def comings_and_goings(before: Index, after: Index) -> str:
    """Return how many students came and went; empty if none did."""
    old, new = ({entry.id for entry in index.entries} for index in (before, after))
    counted = [(len(new - old), "new"), (len(old - new), "no longer there")]
    return ", ".join(f"{count} {what}" for count, what in counted if count)


def _differences(before: Index, after: Index) -> list[str]:
    named = {
        "course": before.course != after.course,
        "grader": (before.grader, before.sources) != (after.grader, after.sources),
        "seed": before.seed != after.seed,
        "corpus": before.corpus != after.corpus,
        "isolation": before.isolation != after.isolation,
        "tasks": (before.tasks, before.public_only) != (after.tasks, after.public_only),
        "environment": before.environment != after.environment,
        "judgements": (before.allow, before.uphold) != (after.allow, after.uphold),
    }
    return [name for name, differs in named.items() if differs]


def _told(entry: Entry) -> str:
    if entry.score is None or entry.bonus is None:
        return entry.outcome
    bonus = f" + {entry.bonus:g}" if entry.bonus else ""
    word = "" if entry.outcome == "graded" else f" {entry.outcome}"
    return f"{entry.score:g}{bonus}{word}"


def _tasks(before: Index, old: Entry, after: Index, new: Entry) -> Iterator[str]:
    """Yield the tasks whose status or points differ, where there are two reports."""
    earlier, later = _results(before, old), _results(after, new)
    if not earlier or not later:
        return
    for name in [*later, *(name for name in earlier if name not in later)]:
        was, is_ = (found.get(name, "not graded") for found in (earlier, later))
        if was != is_:
            yield f"{name}: {was} -> {is_}"


def _results(index: Index, entry: Entry) -> dict[str, str]:
    """Return status and points by task. Read as plain data: an old report may be of a format that
    this grader writes no more.
    """
    if entry.report is None:
        return {}
    try:
        tasks = json.loads((index.folder / entry.report).read_bytes())["tasks"]
        return {task["full_name"]: f"{task['status']} {task['points']:g}" for task in tasks}
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # someone removed or changed it; the scores are in the index
