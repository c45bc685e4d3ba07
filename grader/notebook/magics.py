"""Magics, shell lines and help lines of a code cell: commented out, and back again.

A simple scanner decides where a statement can begin: it knows brackets, strings and backslashes,
and parses nothing, so that a cell that does not even parse survives. Every line stays one line. A
comment that looks like a magic that was commented out gets one more `# `, and so nothing is lost on
the way there and back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

PYTHON_BODIES = frozenset(
    "capture debug lprun memit mprun prun pyinstrument scalene snakeviz time timeit".split()
)
"""Cell magics whose cell is Python all the same. The cell of any other one is not."""

_MAGIC = (
    r"(?:%%?[A-Za-z_].*|!.*|\?.*|(?:pip3?|conda|mamba)[ \t]+install\b.*"
    r"|[%\w.*\[\]]+\?\??[ \t]*)"
)
PASS, NONE, CONTINUED = "pass  # ", "None  # ", "#     "

HEADER = re.compile(r"# ?%%(?:[ \t].*)?\Z")
"""A line that starts a cell in the percent format. `# %%time` is none."""

_TOP = re.compile(rf"(?P<hashes>(?:# )*)(?P<what>{_MAGIC})\Z")
_INDENTED = re.compile(rf"(?P<before>[ \t]+)(?P<marks>(?:pass  # )*)(?P<what>{_MAGIC})\Z")
_TARGET = re.compile(r"[\w.,*\[\] \t]*\Z")
_VALUE = re.compile(r"(?P<space>[ \t]*)(?P<marks>(?:None  # )*)(?P<what>[!%].*)\Z")
_LIKE_HEADER = re.compile(r"(?P<hashes>(?:# )*)# ?%%(?:[ \t].*)?\Z")
_CELL_MAGIC = re.compile(r"%%(?P<name>[A-Za-z_]\w*)")
_PERCENT = re.compile(r" *%%(?:[ \t].*)?\Z")
_LEXEME = re.compile(r"'''|\"\"\"|['\"]|[(\[{]|[)\]}]|#|\\.", re.DOTALL)


class Scanner:
    """Follows the lines of a cell, to know where a statement can begin."""

    def __init__(self) -> None:
        self._depth = 0
        self._quote = ""
        self._continued = False

    @property
    def at_start(self) -> bool:
        """Tell whether the next line is not inside brackets, a string, or a line before."""
        return not (self._depth or self._quote or self._continued)

    def feed(self, line: str) -> None:
        """Go on by one line."""
        self._continued = False
        for lexeme in _LEXEME.finditer(line):
            mark = lexeme[0]
            if self._quote:
                if mark.startswith(self._quote):
                    self._quote = ""
            elif mark == "#":
                return
            elif mark in ("'", '"', "'''", '"""'):
                self._quote = mark
            elif mark in "([{":
                self._depth += 1
            elif mark in ")]}":
                self._depth = max(0, self._depth - 1)
        self._continued = line.endswith("\\") and (len(line) - len(line.rstrip("\\"))) % 2 == 1
        if len(self._quote) == 1 and not self._continued:
            self._quote = ""  # a text in plain quotes that the line forgot to close


def commented(source: str) -> str:
    """Return a code cell with a comment in place of what only IPython understands."""
    lines = source.split("\n")
    if _is_not_python(lines, ""):
        return "\n".join(_hashed(lines))
    scanner, made, goes_on = Scanner(), [], False
    for line in lines:
        if goes_on:
            made.append(CONTINUED + line)
            goes_on = line.endswith("\\")
        elif scanner.at_start:
            told, is_magic = _comment(line)
            made.append(told)
            goes_on = is_magic and line.endswith("\\")
        else:
            made.append(f"# {line}" if _LIKE_HEADER.match(line) else line)
        scanner.feed(made[-1])
    return "\n".join(made)


def restored(text: str) -> str:
    """Return the code cell that `commented` made the text from."""
    lines = text.split("\n")
    if _is_not_python(lines, "# "):
        return "\n".join(unhashed(line) for line in lines)
    scanner, made, goes_on = Scanner(), [], False
    for line in lines:
        if goes_on:
            made.append(line.removeprefix(CONTINUED))
            goes_on = line.endswith("\\")
        elif scanner.at_start:
            told, is_magic = _restore(line)
            made.append(told)
            goes_on = is_magic and line.endswith("\\")
        else:
            found = _LIKE_HEADER.match(line)
            made.append(line[2:] if found and found["hashes"] else line)
        scanner.feed(line)
    return "\n".join(made)


def hashed(line: str) -> str:
    """Return a line of text as a comment that cannot be taken for the start of a cell."""
    if not line:
        return "#"
    return f"#  {line}" if _PERCENT.match(line) else f"# {line}"


def unhashed(line: str) -> str:
    """Return the line that `hashed` made the comment from; a line that is none stays."""
    text = line.removeprefix("#").removeprefix(" ") if line.startswith("#") else line
    return text[1:] if text.startswith(" ") and _PERCENT.match(text) else text


def _is_not_python(lines: list[str], before: str) -> bool:
    """Tell whether the first line that is not blank gives the cell to another language."""
    first = next((line for line in lines if line.strip()), "")
    found = _CELL_MAGIC.match(first, len(before)) if first.startswith(before) else None
    return found is not None and found["name"] not in PYTHON_BODIES


def _hashed(lines: list[str]) -> Iterator[str]:
    """Yield the lines as comments; blank ones before the first stay, so that it is found again."""
    begun = False
    for line in lines:
        begun = begun or bool(line.strip())
        yield hashed(line) if begun else line


def _comment(line: str) -> tuple[str, bool]:
    """Return a line where a statement can begin as Python, and whether it was a magic."""
    if found := _TOP.match(line):
        return f"# {line}", not found["hashes"]
    if _LIKE_HEADER.match(line):
        return f"# {line}", False
    if found := _INDENTED.match(line):
        return f"{found['before']}{PASS}{found['marks']}{found['what']}", not found["marks"]
    head, equals, tail = line.partition("=")
    if (found := _VALUE.match(tail)) and head.strip() and _TARGET.match(head):
        made = f"{head}{equals}{found['space']}{NONE}{found['marks']}{found['what']}"
        return made, not found["marks"]
    return line, False


def _restore(line: str) -> tuple[str, bool]:
    """Return the line that `_comment` made this one from, and whether that is a magic."""
    found = _TOP.match(line)
    if found and found["hashes"]:
        return line[2:], found["hashes"] == "# "
    found = _LIKE_HEADER.match(line)
    if found and found["hashes"]:
        return line[2:], False
    found = _INDENTED.match(line)
    if found and found["marks"]:
        rest = found["marks"].removeprefix(PASS)
        return f"{found['before']}{rest}{found['what']}", not rest
    head, equals, tail = line.partition("=")
    found = _VALUE.match(tail)
    if found and found["marks"] and head.strip() and _TARGET.match(head):
        rest = found["marks"].removeprefix(NONE)
        return f"{head}{equals}{found['space']}{rest}{found['what']}", not rest
    return line, False
