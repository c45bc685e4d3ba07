"""The dashboard: a whole cohort as one page that loads nothing.

Everything on it is there without its script, which only sorts, filters and draws the heat map again
in the order of the table. Names and messages are untrusted: they are escaped like a report's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import groupby

from markupsafe import Markup

from grader.cohort.index import OUTCOMES, Index
from grader.render.class_figures import LETTERS, MOST_FINDINGS, Bin, Figures, figures
from grader.render.html import content_policy, environment, source
from grader.report import Report

GROUP_NAMES = {
    "passed": "passed",
    "shape": "shape differs",
    "failed": "wrong",
    "stopped": "error, timeout, memory or crash",
    "held": "autograd, or the grader's fault",
    "open": "to do",
}
OUTCOME_MEANINGS = {
    "graded": "every task was answered, rightly or wrongly, or not attempted",
    "timeout": "a task gave no answer within its limit",
    "memory": "a task ran out of memory",
    "crashed": "the process of a task ended",
    "policy": "autograd was called in a task, or a person has upheld evidence",
    "unreadable": "the files cannot be read: no score",
    "infrastructure": "the grader itself failed: no score, grade again",
}


def render(
    index: Index,
    reports: Mapping[str, Report],
    times: Mapping[str, float],
    links: Mapping[str, str],
) -> str:
    """Return the page of a cohort.

    reports, times (in seconds) and links (to the page of each student's report, relative to this
    one) by the id of an entry; any of them may be missing. Each report is read once.
    """
    found = figures(index, reports, times, links)
    style = "".join(map(source, ("report.css", "dashboard.css")))
    script = source("sortable.js") + source("dashboard.js")
    counts = Counter(entry.outcome for entry in index.entries)
    return (
        environment()
        .get_template("dashboard.html.j2")
        .render(
            index=index,
            found=found,
            outcomes={outcome: counts[outcome] for outcome in OUTCOMES},
            meanings=OUTCOME_MEANINGS,
            bins=found.histogram(),
            highest=max((one.count for one in found.histogram()), default=0),
            groups=GROUP_NAMES,
            letters=LETTERS,
            strips=_strips(found),
            told_bin=_told,
            most_findings=MOST_FINDINGS,
            style=Markup(style),
            script=Markup(script),
            policy=content_policy(style, script),
        )
    )


def _strips(found: Figures) -> dict[str, list[tuple[str, str]]]:
    """Return for each task the outline of the students in each group, one unit wide each."""
    groups = {letter: group for group, letter in LETTERS.items()}
    strips: dict[str, list[tuple[str, str]]] = {}
    for place, name in enumerate(found.tasks):
        outlines: dict[str, str] = {}
        x = 0
        for letter, run in groupby(student.cells[place] for student in found.students):
            width = len(list(run))
            if letter in groups:
                piece = f"M{x} 0h{width}v1h-{width}z"
                outlines[groups[letter]] = outlines.get(groups[letter], "") + piece
            x += width
        strips[name] = sorted(outlines.items())
    return strips


def _told(one: Bin) -> str:
    return f"{one.low:g} to {one.high:g}"
