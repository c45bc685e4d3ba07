"""What a submission's sources look like after normalising; they are read in the jail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grader.places import Places
from grader.sandbox.host.reader import fingerprints
from grader.sandbox.host.reply import Outcome
from grader.sandbox.host.zygote import Zygote


@dataclass(frozen=True)
class Function:
    """A function: where it is, the digest of its normal form, its size in syntax nodes."""

    name: str
    file: str
    line: int
    digest: str
    size: int


@dataclass(frozen=True)
class Remark:
    """A comment: where it is, and what it says. In a notebook, the line is in that cell."""

    file: str
    line: int
    text: str
    cell: int | None = None


@dataclass(frozen=True)
class Sources:
    """The functions and the comments of one submission."""

    functions: tuple[Function, ...]
    remarks: tuple[Remark, ...]


class Unreadable(ValueError):
    """Sources that a worker could not read, and why."""


def read(zygote: Zygote, files: Mapping[str, bytes]) -> Sources:
    """Read sources in a worker. Raises Unreadable if it gives no sensible answer."""
    reply = fingerprints(zygote, files)
    if reply.outcome is not Outcome.OK:
        raise Unreadable(reply.message)
    try:
        functions = tuple(_function(plain) for plain in reply.header["functions"])
        places = Places(files)
        remarks = tuple(_remark(plain, places) for plain in reply.header["remarks"])
    except (KeyError, TypeError, ValueError):
        raise Unreadable("the answer of the reader is malformed") from None
    return Sources(functions, remarks)


def _remark(plain: Mapping[str, Any], places: Places) -> Remark:
    file = str(plain["file"])
    cell, line = places.find(file, int(plain["line"]))
    return Remark(file, line or 0, str(plain["text"]), cell)


def _function(plain: Mapping[str, Any]) -> Function:
    name, file, digest = (str(plain[key]) for key in ("name", "file", "digest"))
    return Function(name, file, int(plain["line"]), digest, int(plain["size"]))
