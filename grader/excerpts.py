"""What a submission said, as a report can hold it: without addresses in memory, and not too much.

A submission decides on every character here, so each function takes steps in proportion to the
text, and texts that are kept together have a size together.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

PRINTED = 128 << 10
"""Bytes of what all functions of a submission print: together, and in a report."""

TOLD = 96 << 10
"""Bytes of all messages and tracebacks of public checks, and as many of hidden ones: what one kind
takes must not show in what is left of the other."""

MOST_NOTES, LONGEST_NOTE = 30, 1000

NOT_TEXT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufffe\uffff\U000e0000-\U000e007f]"
)
"""Characters that steer a terminal or a page; a page shows them by name, in up to 13 bytes."""

# A text may have been cut in the middle of an address.
_ADDRESS = re.compile(r"(?<= at )0x[0-9a-fA-F]*|0x[0-9a-fA-F]{6,}")
_ESCAPED = "\n\t\\\"'&<>"


def masked(text: str) -> str:
    """Return a text without addresses in memory, which differ from process to process."""
    return _ADDRESS.sub("0x...", text)


def cost(text: str) -> int:
    """Return how many bytes a text takes at most in JSON, and on a page."""
    escaped = sum(map(text.count, _ESCAPED))
    return len(text.encode("utf-8", "replace")) + 5 * escaped + 12 * len(NOT_TEXT.findall(text))


def excerpt(text: str, most: int) -> str:
    """Return the beginning of a text that costs at most so many bytes, and how much is left out."""
    if cost(text) <= most:
        return text
    kept = bisect_right(range(len(text)), most, key=lambda end: cost(text[:end])) - 1
    return f"{text[:kept]}\n[{len(text) - kept} more characters are left out here]"


def level(costs: Iterable[int], total: int) -> int:
    """Return the most that each of several texts may cost for all to stay within a total: whoever
    needs less leaves the rest to the others.
    """
    rising = sorted(costs)
    for place, own in enumerate(rising):
        share = total // (len(rising) - place)
        if own > share:
            return share
        total -= own
    return rising[-1] if rising else 0


def fitted(texts: Sequence[str], total: int) -> list[str]:
    """Return texts without addresses that cost so many bytes together, but for what is said of what
    is left out.
    """
    shown = [masked(text) for text in texts]
    most = level(map(cost, shown), total)
    return [excerpt(text, most) for text in shown]


def notes(told: Sequence[str]) -> list[str]:
    """Return notes on a submission, each of a bounded length, and how many more there are."""
    kept = [excerpt(note, LONGEST_NOTE) for note in told[:MOST_NOTES]]
    more = len(told) - len(kept)
    return [*kept, f"and {more} more notes"] if more else kept
