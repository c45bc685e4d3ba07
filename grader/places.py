"""Where something is in a submission, in the words of whoever wrote it.

A notebook is graded as one source, but nobody knows the line of a notebook: it is a cell, and a
line in that cell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from grader.notebook.percent import Index

_HEADER = re.compile(rb"^# %% cell \d+", re.MULTILINE)
_LINE = re.compile(r'"?, line (\d{1,9})(?!\d)')
_OF_A_NAME = re.compile(r"[\w.-]")

MAX_LINE = 999_999_999
MOST_PLACES = 100
"""So many places of one text are put into the terms of cells: a traceback has 40 at most."""


class Places:
    """The places of one submission. Sources without cells keep their lines."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._cells = {
            name: Index.of(text.decode()) for name, text in files.items() if _HEADER.match(text)
        }
        self._lengths = sorted({len(name) for name in self._cells}, reverse=True)

    def in_parts(self, file: str) -> bool:
        """Tell whether a file is a notebook, of which only what is graded is run."""
        return file in self._cells

    def find(self, file: str, line: int | None) -> tuple[int | None, int | None]:
        """Return the cell, if the file has cells, and the line in it; none for a line that no file
        can have: a number may have thousands of digits.
        """
        if line is None or not 0 <= line <= MAX_LINE:
            return None, None
        if file not in self._cells:
            return None, line
        return self._cells[file].locate(line)

    def text(self, told: str) -> str:
        """Return a message or a traceback with its places in the terms of cells."""
        return _LINE.sub(self._put, told, MOST_PLACES) if self._cells else told

    def _put(self, found: re.Match[str]) -> str:
        line = int(found[1])
        file = self._named(found.string, found.start())
        if file is None or line > self._cells[file].length:
            return found[0]
        cell, inside = self._cells[file].locate(line)
        return found[0].replace(f", line {found[1]}", f", cell {cell}, line {inside}")

    def _named(self, told: str, end: int) -> str | None:
        """Return the file whose name ends there in a text."""
        for length in self._lengths:
            start = end - length
            file = told[start:end] if start >= 0 else ""
            if file in self._cells and not _OF_A_NAME.match(told[start - 1 : start]):
                return file
        return None
