"""What a worker gives up before it reads a byte of a submission."""

from __future__ import annotations

import resource

MEMORY = 4 << 30
OPEN_FILES = 16


def lock_down() -> None:
    """Limit what this process may use: no core dumps, no files to write, bounded memory."""
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_AS, MEMORY),
    ):
        resource.setrlimit(limit, (value, value))
