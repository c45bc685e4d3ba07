"""The index of a graded cohort: who, what came of it, and where the report is.

`grader cohort` writes it as `summary.json` beside the reports; dashboard, exports and audit read
it. It holds no times, so two runs on the same submissions write the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from grader.report import Report

SUMMARY, TIMES, REPORTS, SOURCES = "summary.json", "times.jsonl", "reports", "sources"

Outcome = Literal[
    "graded", "timeout", "memory", "crashed", "policy", "unreadable", "infrastructure"
]
OUTCOMES: tuple[Outcome, ...] = (
    "graded",
    "timeout",
    "memory",
    "crashed",
    "policy",
    "unreadable",
    "infrastructure",
)


class Model(BaseModel):
    """What the parts of an index share: no field beyond those that are written down."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Entry(Model):
    """One student. Scores are null if there is none: `unreadable` and `infrastructure`."""

    id: str = Field(description="unique in the cohort; the LMS's own where it is known")
    name: str
    path: str = Field(description="where the submission was found, below the submissions' folder")
    digest: str | None = Field(description="of the graded sources; null if they cannot be read")
    outcome: Outcome
    message: str = Field(description="why, if the outcome is not `graded`")
    report: str | None = Field(description="the report's file, below the cohort's folder")
    score: float | None
    max_score: float | None
    bonus: float | None
    max_bonus: float | None
    statuses: dict[str, int] = Field(description="how many tasks have which status")
    findings: dict[str, int] = Field(
        default={}, description="how much evidence is open, cleared and upheld"
    )
    submitted_at: str | None = Field(description="as the roster or the LMS gives it")
    facts: dict[str, str] = Field(description="what else is known of it: late, attempt, ...")
    notes: list[str] = Field(description="what was left out of the submission, and why")


class Index(Model):
    """A graded cohort, in the order of its roster, and what it was graded with."""

    version: Literal["1.0"] = "1.0"
    seed: str
    corpus: str
    public_only: bool
    tasks: list[str] = Field(description="full names; empty if all were graded")
    isolation: str = Field(description="what was asked for; each report says what was given")
    allow: list[str] = Field(description="findings that a person has cleared")
    uphold: list[str] = Field(default=[], description="findings that a person has upheld")
    course: str = Field(description="digest of forward lines, tasks and checks")
    grader: str = Field(description="version of the grader")
    sources: str = Field(description="digest of the grader's own sources")
    environment: dict[str, str] = Field(description="other versions that a result may depend on")
    entries: list[Entry]
    notes: list[str] = Field(description="what lay beside the submissions and is none")
    _folder: Path = PrivateAttr(default=Path())

    def located(self, folder: Path) -> Index:
        """Return the same index, that knows its folder: reports are read from below it."""
        found = self.model_copy()
        found._folder = folder
        return found

    @property
    def folder(self) -> Path:
        """Return the cohort's folder."""
        return self._folder

    def as_json(self) -> str:
        """Return the index as JSON text, ending in a newline."""
        return self.model_dump_json(indent=2) + "\n"

    def report_of(self, entry: Entry) -> Report:
        """Return the staff's report of a student, under the student's name.

        A report in the ledger is that of all equal submissions, so its name is not in it; nor are
        times, see `times`. Raises ValueError if the entry has no report, or it cannot be read.
        """
        if entry.report is None:
            raise ValueError(f"{entry.id}: has no report, its outcome is {entry.outcome}")
        path = self._folder / entry.report
        try:
            report = Report.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise ValueError(f"{path}: cannot be read as a report: {error}") from None
        own = {"name": entry.name, "notes": entry.notes}
        return report.model_copy(update={"submission": report.submission.model_copy(update=own)})

    def reports(self) -> Mapping[str, Report]:
        """Return the reports of all students who have one, by id; each is read when asked for."""
        return _Reports(self)

    def sources_of(self, entry: Entry) -> dict[str, bytes]:
        """Return the sources that were graded, by file name. They are untrusted: data, not code.

        Raises ValueError if there are none.
        """
        if entry.digest is None:
            raise ValueError(f"{entry.id}: has no sources, its outcome is {entry.outcome}")
        path = self._folder / SOURCES / f"{entry.digest}.json"
        try:
            texts = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise ValueError(f"{path}: cannot be read: {error}") from None
        return {str(name): str(text).encode() for name, text in texts.items()}

    def times(self) -> dict[str, float]:
        """Return how many seconds grading each student's submission took, by id."""
        return {id_: float(found["seconds"]) for id_, found in self._timings().items()}

    def task_times(self) -> dict[str, dict[str, float]]:
        """Return how many seconds each task's answers took, by id and task."""
        return {id_: dict(found["tasks"]) for id_, found in self._timings().items()}

    def _timings(self) -> dict[str, dict[str, Any]]:
        by_key = timings(self._folder)
        keys = {entry.id: Path(entry.report).stem for entry in self.entries if entry.report}
        return {id_: by_key[key] for id_, key in keys.items() if key in by_key}


class _Reports(Mapping[str, Report]):
    """Reports by id, read one at a time: a thousand of them at once would not stay small."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._entries = {entry.id: entry for entry in index.entries if entry.report is not None}

    def __getitem__(self, id_: str) -> Report:
        return self._index.report_of(self._entries[id_])

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def load(folder: Path) -> Index:
    """Read the index of a graded cohort. Raises ValueError if the folder holds none."""
    path = folder / SUMMARY
    try:
        return Index.model_validate_json(path.read_bytes()).located(folder)
    except FileNotFoundError:
        raise ValueError(
            f"{folder}: holds no {SUMMARY}; run `grader cohort SUBMISSIONS --out {folder}` to its "
            "end first"
        ) from None
    except (OSError, ValidationError) as error:
        raise ValueError(f"{path}: cannot be read as the index of a cohort: {error}") from None


def timings(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the recorded times by the ledger's key: `seconds`, `tasks` and `facts`.

    A line that a killed run left half written is passed over; of two for one key the last counts.
    """
    found = {}
    try:
        lines = (folder / TIMES).read_bytes().splitlines()
    except FileNotFoundError:
        return {}
    for line in lines:
        try:
            record = json.loads(line)
            found[str(record["key"])] = record
        except (ValueError, KeyError, TypeError):
            continue
    return found
