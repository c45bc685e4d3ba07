"""Comments: those that few students share, and those of published solutions to the lecture.

Published comments are not kept in the clear: `lecture.txt` has a digest of each run of WORDS words.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

LECTURE = Path(__file__).with_name("lecture.txt")
WORDS = 4
"""So many words in a row are compared. A comment of three is compared as a whole."""

_WORD = re.compile(r"[a-z0-9]+")


def normalised(text: str) -> tuple[str, ...]:
    """Return the words of a comment, without case and punctuation."""
    return tuple(_WORD.findall(text.lower()))


def digests(text: str) -> Iterator[str]:
    """Yield the digest of every run of WORDS words of a comment, or of one with three words."""
    words = normalised(text)
    for start in range(max(1, len(words) - WORDS + 1)):
        run = words[start : start + WORDS]
        if len(run) >= WORDS - 1:
            yield hashlib.sha256(" ".join(run).encode()).hexdigest()[:16]


@functools.cache
def _published() -> frozenset[str]:
    return frozenset(LECTURE.read_text(encoding="utf-8").split())


def is_published(text: str) -> bool:
    """Tell whether a comment has words in a row with published solutions of the lecture."""
    return not _published().isdisjoint(digests(text))
