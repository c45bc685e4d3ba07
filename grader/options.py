"""How to grade, and where the project's folders are. Light to import on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PUBLIC = ROOT / "tests" / "exercises"
HIDDEN = ROOT / "tests" / "hidden"


@dataclass(frozen=True)
class Options:
    """How to grade. Without a seed a fresh one is drawn; the report records it."""

    seed: str | None = None
    corpus: str = "names"
    public_only: bool = False
    tasks: tuple[str, ...] = ()
    isolation: str = "jail"


DEFAULTS = Options()


def fresh_seed() -> str:
    """Return a seed that nobody can guess, 16 characters long."""
    import secrets  # not at the top: it costs help and hints more than all of this module

    return secrets.token_hex(8)
