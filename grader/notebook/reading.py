"""Read a notebook file as plain data: its cells, and nothing else of it.

Nothing is executed, and outputs are not even parsed: they are cut out of the bytes first, because a
notebook of 200 MB is a small notebook with large pictures in it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from grader.errors import UnreadableSubmission
from grader.notebook.cells import Cell, Kind
from grader.notebook.percent import from_percent, locate, to_source

__all__ = ["Cell", "from_percent", "locate", "read", "to_source"]

MAX_BYTES = 256 << 20
MAX_KEPT = 16 << 20
MAX_CODE = 1 << 20
MAX_CELLS = 10_000
MAX_TOKENS = 8_000_000
MAX_KEPT_TOKENS = 1_000_000
"""Texts, lists and objects outside of outputs: each takes far more memory than it has bytes."""

MAX_DEPTH = 100

DROPPED = frozenset({b'"outputs"', b'"metadata"', b'"attachments"'})
# Possessive: a string of 200 MB leaves no trail to go back on.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{}]|"', re.DOTALL)
_TO_VALUE = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*(?=[\[{])")
_BEGIN = re.compile(rb"[ \t\r\n]*+[{\xef]")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")
AGAIN = "open it in Jupyter and save it again"


def read(data: bytes, name: str) -> list[Cell]:
    """Return the cells of a notebook, of the formats 2 to 4.

    data: the bytes of the file. name: what messages call it. Raises UnreadableSubmission if it is
    no notebook, is damaged, too large, or holds no code.
    """
    plain = _parsed(data, name)
    cells = []
    taken: set[str] = set()
    for number, (entry, key) in enumerate(_entries(plain, name), 1):
        if number > MAX_CELLS:
            raise UnreadableSubmission(f"{name}: has more than {MAX_CELLS} cells")
        cell = _cell(number, entry, key, name)
        if cell.id in taken:  # the first one keeps it
            cell = Cell(number, cell.kind, cell.source)
        taken |= {cell.id} if cell.id else set()
        cells.append(cell)
    _check_code(cells, name)
    return cells


def _parsed(data: bytes, name: str) -> dict[str, Any]:
    if len(data) > MAX_BYTES:
        raise UnreadableSubmission(
            f"{name}: is larger than {MAX_BYTES >> 20} MiB; clear its outputs and save it again"
        )
    if not _BEGIN.match(data):
        raise UnreadableSubmission(f"{name}: is not a notebook: it does not start as JSON does")
    kept = _without_outputs(data, name)
    try:
        plain = json.loads(
            kept.decode("utf-8-sig"), object_pairs_hook=_unique, parse_int=_small, parse_float=_none
        )
    except UnicodeDecodeError as error:
        raise UnreadableSubmission(f"{name}: is not UTF-8: {error.reason}; {AGAIN}") from None
    except _Twice as error:
        raise UnreadableSubmission(f"{name}: has {error} twice in one place; {AGAIN}") from None
    except (ValueError, RecursionError) as error:
        raise UnreadableSubmission(f"{name}: is not a notebook: {error}; {AGAIN}") from None
    if not isinstance(plain, dict):
        raise UnreadableSubmission(f"{name}: is not a notebook: its JSON is not an object")
    return plain


def _without_outputs(data: bytes, name: str) -> bytes:
    """Return the JSON with `null` in place of outputs, metadata and attachments."""
    parts: list[bytes] = []
    kept = depth = start = shown = 0
    resume: int | None = None
    for count, token in enumerate(_TOKEN.finditer(data), 1):
        begin, end = token.span()
        mark = data[begin : begin + 1]
        if mark in b"[{":
            depth += 1
        elif mark in b"]}":
            depth -= 1
            if depth == resume:
                start, resume = end, None
        elif end - begin == 1:
            raise UnreadableSubmission(f"{name}: ends in the middle of a text; {AGAIN}")
        elif resume is None and end - begin < 16 and token[0] in DROPPED:
            value = _TO_VALUE.match(data, end)
            if value:
                parts += [data[start : value.end()], b"null"]
                kept += value.end() - start
                resume = depth
        shown += resume is None
        too_much = count > MAX_TOKENS or shown > MAX_KEPT_TOKENS
        if too_much or (resume is None and depth > MAX_DEPTH):
            raise UnreadableSubmission(
                f"{name}: holds too much to be a notebook; clear its outputs and save it again"
            )
    if depth > 0:
        raise UnreadableSubmission(f"{name}: ends before it is complete; download or {AGAIN}")
    if kept + len(data) - start > MAX_KEPT:
        raise UnreadableSubmission(
            f"{name}: its cells hold more than {MAX_KEPT >> 20} MiB; move data out of them"
        )
    return b"".join([*parts, data[start:]])


class _Twice(Exception):
    """A key that an object has twice."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        [(key, _)] = Counter(key for key, _ in pairs).most_common(1)
        raise _Twice(repr(key[:40]))
    return found


def _small(digits: str) -> int | None:
    return int(digits) if len(digits) < 10 else None


def _none(_: str) -> None:
    return None


def _entries(plain: dict[str, Any], name: str) -> Iterator[tuple[Any, str]]:
    """Yield every cell as it is in the file, and the key of its source."""
    version = plain.get("nbformat")
    if type(version) is not int:
        raise UnreadableSubmission(f"{name}: is not a notebook: it has no 'nbformat'")
    if version >= 4:
        yield from ((entry, "source") for entry in _listed(plain, "cells", name))
        return
    for sheet in _listed(plain, "worksheets", name):
        if not isinstance(sheet, dict):
            raise UnreadableSubmission(f"{name}: a worksheet is not an object; {AGAIN}")
        for entry in _listed(sheet, "cells", name):
            code = isinstance(entry, dict) and entry.get("cell_type") == "code"
            yield entry, "input" if code else "source"


def _listed(plain: dict[str, Any], key: str, name: str) -> list[Any]:
    found = plain.get(key)
    if not isinstance(found, list):
        raise UnreadableSubmission(f"{name}: has no list of {key}; {AGAIN}")
    return found


def _cell(number: int, entry: Any, key: str, name: str) -> Cell:
    if not isinstance(entry, dict):
        raise UnreadableSubmission(f"{name}: cell {number} is not an object; {AGAIN}")
    source = entry.get(key, "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise UnreadableSubmission(f"{name}: the {key} of cell {number} is not a text; {AGAIN}")
    # Neither can stand in a source file; one of them is no reason to refuse the other cells.
    source = _NOT_TEXT.sub("\ufffd", source.replace("\r\n", "\n").replace("\r", "\n"))
    told = entry.get("cell_type")
    if told == "heading":
        level = entry.get("level")
        source = f"{'#' * (level if type(level) is int and 0 < level < 7 else 1)} {source}"
    kinds: dict[Any, Kind] = {"code": "code", "markdown": "markdown", "heading": "markdown"}
    kind = kinds.get(told, "raw") if isinstance(told, str) else "raw"
    own = entry.get("id")
    return Cell(number, kind, source, own if isinstance(own, str) and _ID.match(own) else None)


def _check_code(cells: list[Cell], name: str) -> None:
    sizes = {cell.number: len(cell.source.encode()) for cell in cells if cell.kind == "code"}
    if not any(cell.kind == "code" and cell.source.strip() for cell in cells):
        raise UnreadableSubmission(f"{name}: has no code in any cell; is this the right notebook?")
    if sum(sizes.values()) > MAX_CODE:
        largest = max(sizes, key=lambda number: sizes[number])
        raise UnreadableSubmission(
            f"{name}: its code is larger than {MAX_CODE >> 20} MiB, and cell {largest} is the "
            "largest; move data into a file"
        )
