"""What can go wrong in a way that a person can do something about. Light to import on purpose."""

from __future__ import annotations


class UnreadableSubmission(ValueError):
    """A submission that cannot be taken in, and why."""


class CorpusError(ValueError):
    """A corpus that cannot be used: says what is wrong, in which file, and what to do."""


class UnknownTask(ValueError):
    """A name that stands for no task, or for more than one."""


class SandboxError(RuntimeError):
    """The sandbox itself does not work: never a submission's fault."""


class Interrupted(Exception):
    """Someone pressed Ctrl-C."""
