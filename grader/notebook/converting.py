"""From a notebook to plain files and back, without losing anything that a student wrote.

Outputs are no work and stay behind, except where a text goes back onto the notebook it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set

import nbformat
from nbformat import ValidationError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from grader.course import catalogue
from grader.course.catalogue import Exercise
from grader.errors import UnreadableSubmission
from grader.notebook import building, magics, reading
from grader.notebook.cells import Cell, Kind

GENERATED = ("setup", "data", "forward")
"""Ids of the code cells that files of exercises do without."""


def to_percent(data: bytes, name: str) -> str:
    """Return a notebook as one text in the percent format. Raises UnreadableSubmission."""
    return reading.to_source(reading.read(data, name))


def to_notebook(text: str, onto: str | None = None) -> str:
    """Return the notebook of a text in the percent format.

    onto: the notebook that it is to replace. A cell of the same id, or else of the same source,
    keeps its metadata and attachments, and its outputs if its source is the same. Raises
    UnreadableSubmission if it is no notebook.
    """
    old = _read(onto) if onto is not None else None
    waiting = list(old.cells) if old is not None else []
    cells = reading.from_percent(text)
    wanted = {cell.id for cell in cells}
    taken: set[str] = set()
    made = []
    for cell in cells:
        before = _same(cell, waiting)
        if before is not None:
            waiting.remove(before)
        own = _own_id(cell, before, taken, wanted)
        taken.add(own)
        made.append(_node(cell, before, own))
    metadata = old.metadata if old is not None else building.METADATA
    try:
        return building.written(new_notebook(cells=made, metadata=metadata))
    except ValidationError as error:
        raise _refused(error) from None


def _read(text: str) -> nbformat.NotebookNode:
    """Return a notebook as nbformat reads it: with all that a notebook has beside its sources."""
    try:
        made: nbformat.NotebookNode = nbformat.reads(text, as_version=4)
    except (ValueError, LookupError, AttributeError, TypeError, ValidationError) as error:
        raise _refused(error) from None
    return made


def _refused(error: Exception) -> UnreadableSubmission:
    told = str(error).split("\n", 1)[0]
    return UnreadableSubmission(
        f"the notebook to go back onto cannot be read: {told}; convert to a new file"
    )


def _same(cell: Cell, waiting: list[nbformat.NotebookNode]) -> nbformat.NotebookNode | None:
    alike = [node for node in waiting if node.get("cell_type") == cell.kind]
    by_id = [node for node in alike if cell.id and node.get("id") == cell.id]
    by_source = [node for node in alike if not cell.id and node.get("source") == cell.source]
    return next(iter([*by_id, *by_source]), None)


def _own_id(
    cell: Cell, before: nbformat.NotebookNode | None, taken: Set[str], wanted: Set[str | None]
) -> str:
    """Return a cell's id: its own, or that of the cell before it, or one that nobody has."""
    own = cell.id or (str(before.get("id", "")) if before is not None else "")
    if own and own not in taken and (own == cell.id or own not in wanted):
        return own
    return next(i for i in _numbered(cell.number) if i not in taken and i not in wanted)


def _node(cell: Cell, before: nbformat.NotebookNode | None, own: str) -> nbformat.NotebookNode:
    made: nbformat.NotebookNode = _maker(cell.kind)(cell.source, id=own)
    if before is not None:
        made.metadata = before.get("metadata", {})
        if "attachments" in before:
            made.attachments = before.attachments
        if cell.kind == "code" and before.get("source") == cell.source:
            made.outputs = before.get("outputs", [])
            made.execution_count = before.get("execution_count")
    return made


def _maker(kind: Kind) -> Callable[..., nbformat.NotebookNode]:
    makers: dict[Kind, Callable[..., nbformat.NotebookNode]] = {
        "code": new_code_cell,
        "markdown": new_markdown_cell,
        "raw": new_raw_cell,
    }
    return makers[kind]


def _numbered(number: int) -> Iterator[str]:
    yield f"cell-{number}"
    yield from (f"cell-{number}-{again}" for again in range(2, 1 << 20))


def from_folder(files: Mapping[str, str]) -> str:
    """Return the exercise notebook with the code of the exercises' files in its cells.

    files: text by file name. Raises UnreadableSubmission if one is missing or does not parse.
    """
    exercises = catalogue.course().exercises
    missing = [exercise.file for exercise in exercises if exercise.file not in files]
    if missing:
        raise UnreadableSubmission(f"there is no {', '.join(missing)} in the folder")
    try:
        return building.notebook({e.file: files[e.file] for e in exercises})
    except SyntaxError as error:
        raise UnreadableSubmission(
            f"{error.filename}, line {error.lineno}: {error.msg}; correct it first"
        ) from None


def to_folder(data: bytes, name: str) -> dict[str, str]:
    """Return the exercises' files, by name, with the code of an exercise notebook.

    What a student added goes to the exercise that it stands in, prose as comments. Raises
    UnreadableSubmission for a notebook that was not made from the exercise notebook.
    """
    cells = reading.read(data, name)
    exercises = catalogue.course().exercises
    ids = {cell.id for cell in cells}
    homes = {building.cell_id(task): task.exercise for task in catalogue.course().tasks}
    if not ids & homes.keys():
        raise UnreadableSubmission(
            f"{name}: has none of the cells of the exercise notebook; convert it to one .py file"
        )
    imports = next((magics.commented(cell.source) for cell in cells if cell.id == "imports"), "")
    parts: dict[str, list[str]] = {exercise.file: [] for exercise in exercises}
    at: Exercise = exercises[0]
    prose = building.prose()
    for cell in cells:
        at = next((e for e in exercises if e.key == cell.id), homes.get(str(cell.id), at))
        if not _is_generated(cell, prose):
            parts[at.file].append(_as_python(cell))
    return {
        exercise.file: "\n\n\n".join(
            [f'"""{exercise.title}."""\n\n{imports}'.rstrip(), *parts[exercise.file]]
        )
        + "\n"
        for exercise in exercises
    }


def _is_generated(cell: Cell, prose: Mapping[str, str]) -> bool:
    """Tell whether a cell holds nothing of the student's, or nothing that a file could use."""
    own = str(cell.id)
    if cell.kind != "code":
        return prose.get(own) == cell.source or not cell.source.strip()
    checks = own.endswith("-check") and cell.source.startswith("check(")
    return own in GENERATED or own == "imports" or checks or not cell.source.strip()


def _as_python(cell: Cell) -> str:
    if cell.kind == "code":
        return magics.commented(cell.source).strip("\n")
    return "\n".join(magics.hashed(line) for line in cell.source.strip("\n").split("\n"))
