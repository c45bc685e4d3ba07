"""The evidence as tables of at most 80 columns; what submissions say is shown as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from grader.audit.evidence import Evidence

SHOWN = 20
"""So many rows of each kind are shown; all of them are in the JSON."""

NO_VERDICT = (
    "This is what was found, not what it means: people who read the same page, or who worked "
    "together as they were allowed to, write the same lines. Look at the places, and ask."
)


def show(evidence: Evidence, names: Mapping[str, str], console: Console) -> None:
    """Print every kind of evidence that there is. names: what to call each student."""
    kinds = list(_kinds(evidence, names))
    found = [(title, columns, rows) for title, columns, rows in kinds if rows]
    for title, columns, rows in found:
        console.print(Text(title, style="bold"))
        console.print(_table(columns, rows))
        if len(rows) > SHOWN:
            console.print(f"  ... and {len(rows) - SHOWN} more; --json has them all", markup=False)
        console.print()
    nothing = [title for title, _, rows in kinds if not rows]
    if nothing:
        console.print(Text(f"Nothing of: {'; '.join(nothing).lower()}."))
    console.print(Text(f"{evidence.students} submissions. {NO_VERDICT if found else ''}".strip()))


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> RenderableType:
    table = Table(box=None)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows[:SHOWN]:
        table.add_row(*(Text(_plain(cell)) for cell in row))
    return table


def _plain(text: str) -> str:
    """Return a text without anything that a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)[:200]


def _kinds(
    evidence: Evidence, names: Mapping[str, str]
) -> Iterator[tuple[str, Sequence[str], list[Sequence[str]]]]:
    def listed(students: Sequence[str]) -> str:
        return ", ".join(names[student] for student in students)

    yield (
        "Functions that are the same after normalising",
        ("weight", "students", "functions"),
        [
            (
                f"{group.weight:.0f}",
                listed(group.students),
                ", ".join(group.functions) + (" (identical files)" if group.identical else ""),
            )
            for group in evidence.same_functions
        ],
    )
    yield (
        "Functions that are those of the reference solution after normalising",
        ("student", "functions"),
        [(names[like.student], ", ".join(like.functions)) for like in evidence.like_solutions],
    )
    yield (
        "Comments that few students share",
        ("students", "comment"),
        [(listed(remark.students), remark.text) for remark in evidence.same_remarks],
    )
    yield (
        "Comments with words of published solutions",
        ("student", "place", "comment"),
        [(names[p.student], p.place, p.what) for p in evidence.published_remarks],
    )
    yield (
        "Evidence of differentiation by numbers or by a tape",
        ("student", "place", "what", "why"),
        [(names[p.student], p.place, p.what, p.told) for p in evidence.findings],
    )
    yield (
        "Unusual times of grading",
        ("student", "seconds", "median"),
        [(names[t.student], f"{t.seconds:.2f}", f"{t.median:.2f}") for t in evidence.unusual_times],
    )
    yield (
        "Sources that could not be read",
        ("student", "why"),
        [(names[student], why) for student, why in evidence.unread],
    )
