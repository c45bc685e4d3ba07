"""What may vary between two runs that are alike, and how it is taken out before they are compared.

This list is all: times, digests, versions, ids of findings, random tokens, and the digits of
numbers after the second. Errors that are rounding (below 1e-5) differ between processors, and zeros
in their sign: they are noise altogether.
"""

from __future__ import annotations

import re

NOISE = 1e-5

PATTERNS: tuple[tuple[str, str], ...] = (
    # times
    (r'"(duration_s|seconds|cpu_seconds|wall_s|started|finished|graded_at|timestamp)": [^,\n}]+',
     r'"\1": TIME'),
    (r"\b\d+(\.\d+)? (milli)?seconds?\b", "TIME"),
    (r"\b\d+(\.\d+)? m?s\b", "TIME"),
    (r'\btime(stamp)?="[^"]*"', "TIME"),
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?", "TIME"),
    (r"\b\d+(\.\d+)? times as fast\b", "TIME"),
    # digests and ids
    (r"\b[0-9a-f]{40,64}\b", "DIGEST"),
    (r'"id": "[0-9a-z.-]{8,}"', '"id": ID'),
    (r"\b[0-9a-f]{10}\b", "ID"),
    (r"stop-commands::\S+", "stop-commands::TOKEN"),
    (r"^::[0-9A-Za-z-]{16,}::$", "::TOKEN::"),
    # versions
    (r'"(grader|python|torch|system|machine)": "[^"]*"', r'"\1": VERSION'),
    (r"\b\d+\.\d+\.\d+(\+\w+)?\b", "VERSION"),
    (r"landlock \d+", "landlock"),
)  # fmt: skip
NUMBER = re.compile(r"(?<![\w.#-])-?\d+\.\d+(e[+-]?\d+)?|(?<![\w.#-])-?\d+e[+-]?\d+")


def stripped(text: str) -> str:
    """Return a text without what may vary."""
    for pattern, replacement in PATTERNS:
        text = re.sub(pattern, replacement, text, flags=re.M)
    return NUMBER.sub(lambda match: _short(float(match[0])), text)


def _short(number: float) -> str:
    return "NOISE" if abs(number) < NOISE else f"{number:.2g}"
