"""Where something is in a submission, in the words of whoever wrote it.

A notebook is graded as one source, but nobody knows the line of a notebook: it is a cell, and a
line in that cell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from grader.notebook.reading import locate

_HEADER = re.compile(rb"^# %% cell \d+", re.MULTILINE)


class Places:
    """The places of one submission. Sources without cells keep their lines."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._sources = {name: text.decode() for name, text in files.items() if _HEADER.match(text)}
        names = "|".join(re.escape(name) for name in self._sources)
        self._told = (
            re.compile(rf'(?<![\w.-])(["(]?)({names})(["]?), line (\d+)') if names else None
        )

    def in_parts(self, file: str) -> bool:
        """Tell whether a file is a notebook, of which only what is graded is run."""
        return file in self._sources

    def find(self, file: str, line: int | None) -> tuple[int | None, int | None]:
        """Return the cell, if the file has cells, and the line in it."""
        if line is None or file not in self._sources:
            return None, line
        return locate(self._sources[file], line)

    def text(self, told: str) -> str:
        """Return a message or a traceback with every place in the terms of cells."""
        if self._told is None:
            return told

        def put(match: re.Match[str]) -> str:
            before, file, after, line = match.groups()
            cell, inside = self.find(file, int(line))
            return f"{before}{file}{after}, cell {cell}, line {inside}"

        return self._told.sub(put, told)

    def put_into(self, record: dict[str, Any]) -> None:
        """Put the terms of cells into what a check told."""
        if self._told is not None:
            for key in ("message", "traceback"):
                record[key] = self.text(record[key])
