"""A CSV text as cells that know their place in it, so that one can change and no other byte does.

The standard reader gives values without places, and writing them again would settle quotes, line
ends and blanks anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

BOM = "\ufeff"
# A quoted cell, or anything up to the next separator or the end of the line.
_CELL = r'"(?:[^"]|"")*"(?=[{0}\r\n]|\Z)|[^{0}\r\n"][^{0}\r\n]*|'
_LINE_END = re.compile(r"\r\n|\r|\n")


class UnreadableTable(ValueError):
    """A text that is no table, and where it stops being one."""


@dataclass(frozen=True)
class Cell:
    """A cell's value, and where it stands in the text with its quotes."""

    value: str
    start: int
    end: int
    line: int


@dataclass(frozen=True)
class Table:
    """A CSV text and its rows. The first row has the names of the columns."""

    text: str
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def header(self) -> list[str]:
        """Return the names of the columns."""
        return [cell.value for cell in self.rows[0]]

    def changed(self, values: Iterable[tuple[Cell, str]]) -> bytes:
        """Return the file with other values in some cells; a cell that had quotes keeps them."""
        pieces, done = [], 0
        for cell, value in sorted(values, key=lambda change: change[0].start):
            quoted = self.text[cell.start : cell.start + 1] == '"'
            pieces += [self.text[done : cell.start], f'"{value}"' if quoted else value]
            done = cell.end
        return "".join([*pieces, self.text[done:]]).encode()


def read(content: bytes, name: str, required: Iterable[str]) -> Table:
    """Read a table whose first row has the required columns, separated by `,`, `;` or a tab.

    name: of the file, for messages. Raises UnreadableTable.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableTable(
            f"{name}: is not UTF-8 at byte {error.start}: download it again, and do not save it "
            "with a spreadsheet program in between"
        ) from None
    wanted = list(required)
    for separator in ",;\t":
        rows = _rows(text, separator, name)
        try:
            header = next(rows, ())
        except UnreadableTable:
            continue  # a line that makes sense with another separator
        if header and set(wanted) <= {cell.value for cell in header}:
            return Table(text, (header, *rows))
    raise UnreadableTable(
        f"{name}: the first line must have the columns {', '.join(wanted)}; is this the file that "
        "was downloaded?"
    )


def _rows(text: str, separator: str, name: str) -> Iterator[tuple[Cell, ...]]:
    pattern = re.compile(_CELL.format(re.escape(separator)))
    row: list[Cell] = []
    place, line = len(BOM) if text.startswith(BOM) else 0, 1
    while place < len(text) or row:
        found = pattern.match(text, place)
        raw = found[0] if found else ""
        end = place + len(raw)
        value = raw[1:-1].replace('""', '"') if raw.startswith('"') else raw
        row.append(Cell(value, place, end, line))
        line += len(_LINE_END.findall(raw))
        ended = _LINE_END.match(text, end)
        if text[end : end + 1] == separator:
            place = end + 1
        elif ended or end == len(text):
            yield tuple(row)
            row, place, line = [], ended.end() if ended else end, line + 1
        else:
            raise UnreadableTable(f"{name}: line {line}: a quoted cell does not end as it should")
