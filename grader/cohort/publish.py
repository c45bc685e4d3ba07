"""After a run: the index, a page for each student, and the page of the whole class."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from urllib.parse import quote

from grader.cohort.conditions import Conditions
from grader.cohort.index import Entry, Index
from grader.cohort.judgements import Judgements
from grader.cohort.ledger import Ledger
from grader.report import Report, for_student

PAGES, STUDENTS, DASHBOARD = "html", "students", "index.html"


def index_of(
    entries: Sequence[Entry],
    notes: Sequence[str],
    conditions: Conditions,
    judgements: Judgements,
) -> Index:
    """Return the index of a run."""
    machine = conditions.machine
    return Index(
        seed=conditions.seed,
        corpus=conditions.corpus,
        public_only=conditions.public_only,
        tasks=conditions.tasks,
        isolation=conditions.isolation,
        allow=judgements.ids(entries, "cleared"),
        uphold=judgements.ids(entries, "upheld"),
        course=machine.course,
        grader=machine.grader,
        sources=machine.sources,
        environment=machine.environment,
        entries=list(entries),
        notes=list(notes),
    )


def publish(ledger: Ledger, index: Index, *, for_students: bool = False) -> None:
    """Write the index, and the pages that are made of it. Raises LedgerError.

    for_students: write what each student may see as well. Once there, these pages are kept up to
    date, so that none of them tells an old score.
    """
    from grader.render import dashboard

    ledger.keep_index(index)
    index = index.located(ledger.folder)
    links = _pages(ledger, index, PAGES, _whole)
    if for_students or (ledger.folder / STUDENTS).is_dir():
        _remove_others(ledger, set(_pages(ledger, index, STUDENTS, for_student).values()))

    page = dashboard.render(index, index.reports(), index.times(), links)
    ledger.write(DASHBOARD, page, durable=False)


def _whole(report: Report) -> Report:
    return report


def _pages(
    ledger: Ledger, index: Index, folder: str, shown: Callable[[Report], Report]
) -> dict[str, str]:
    """Write a page for every student who has a report; return the links to them, by id."""
    from grader.render import html

    links = {}
    for id_, report in index.reports().items():
        name = f"{folder}/{file_name(id_)}.html"
        ledger.write(name, html.render(shown(report)), durable=False)
        links[id_] = quote(name)
    return links


def _remove_others(ledger: Ledger, links: set[str]) -> None:
    """Remove the pages of students who have no report any more. Raises LedgerError."""
    for page in (ledger.folder / STUDENTS).glob("*.html"):
        if quote(f"{STUDENTS}/{page.name}") not in links:
            ledger.remove(f"{STUDENTS}/{page.name}")


def file_name(id_: str) -> str:
    """Return a file name for an id: what is not plain is replaced, and a digest keeps it unique,
    also where upper and lower case are the same.
    """
    plain = re.sub(r"[^a-z0-9-]+", "_", id_.lower())[:80]
    if id_ and plain == id_:
        return id_
    return f"{plain}_{hashlib.sha256(id_.encode()).hexdigest()[:8]}"
