"""What a submission wrote, made fit for other programs: no control characters, no markup, no end.

Names, messages, tracebacks and prints of a submission are someone else's text. Every rendering for
another program passes them through here.
"""

from __future__ import annotations

import html as html_
import json
import re
from collections.abc import Callable
from typing import Any

from grader.render.html import plain

LIMITS = (16_384, 4_096, 1_024, 256, 64)
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
# Full-width signs count, too. A spreadsheet may split a cell at its own separator, whatever the
# file's separator is, and find a formula after it.
_FORMULA = re.compile(r"(^|[;,|\t]\s*)(?=[=+\-@\uff0b\uff0d\uff1d\uff20])")


class TooLarge(ValueError):
    """A rendering that does not fit what its reader accepts, however much is cut from it."""


def clipped(text: str, limit: int) -> str:
    """Return a text as plain characters, at most `limit` of them; what is cut off is said."""
    text = plain(text)
    if len(text) <= limit:
        return text
    note = f"… ({len(text)} characters in all)"
    return (text[: max(limit - len(note), 0)] + note)[:limit]


def one_line(text: str, limit: int = 300) -> str:
    """Return a text as one line of plain characters, at most `limit` of them."""
    return clipped(" ".join(plain(text).split()), limit)


def markdown(text: str, limit: int = 300) -> str:
    """Return a text as one line for Markdown: each punctuation mark is a character reference.

    A reference is never read as markup, neither by Markdown nor by HTML.
    """
    return _PUNCTUATION.sub(lambda found: f"&#{ord(found[0])};", one_line(text, limit))


def preformatted(text: str, limit: int) -> str:
    """Return a text as a block of preformatted HTML, which Markdown passes on as it is."""
    return f"<pre>{html_.escape(clipped(text, limit))}</pre>"


def spreadsheet(text: str) -> str:
    """Return a text as a cell of a spreadsheet: a quote stands before what would be a formula."""
    return _FORMULA.sub(r"\1'", one_line(text))


def as_json(value: Any) -> str:
    """Return plain data as JSON text, ending in a newline."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def fitted(build: Callable[[int], str], cap: int) -> str:
    """Return what `build` makes with the largest limit on each text that keeps it within `cap`.

    cap: bytes. Raises TooLarge if the shortest texts are still too long.
    """
    for limit in LIMITS:
        built = build(limit)
        if len(built.encode()) <= cap:
            return built
    raise TooLarge(f"the report does not fit into {cap} bytes, even with its texts cut short")
