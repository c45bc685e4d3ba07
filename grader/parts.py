"""Which commands there are, and for whom. Light to import on purpose."""

from __future__ import annotations

STUDENT = {
    "student": ("check", "hint", "list_"),
    "watching": ("watch",),
    "seeing": ("draw", "train"),
    "corpora": ("data",),
    "notebook": ("convert",),
}
"""Commands that students have too, by the module of `grader.commands` that they are in.
An underscore at the end of a name is no part of the command's."""

STAFF = {
    "staff": ("grade", "compare", "doctor"),
    "cohort": ("cohort",),
    "export": ("export",),
    "upkeep": ("calibrate", "sync", "dev"),
    "release": ("release",),
    "audit": ("audit",),
}
"""Commands that need solutions, hidden checks or a whole cohort. A release is without them."""
