"""What the reader cannot cope with costs one statement, and says why.

A statement can be honest and still be too much for what reads it: nested more deeply than Python
recurses, a number of more digits than Python converts, a module that is missing in a jail without
files. Standard library only.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import importlib.abc
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

DEPTH = 50_000
"""Calls that may be nested while a tree is read. The parser, at the usual limit, has let no tree
through that is nested so deeply that the stack could not hold it."""

DIGITS = 100_000
"""Digits of a number that are written down in a tenth of a second."""

MOST_MISSING = 20
Told = TypeVar("Told")


class Missing(importlib.abc.MetaPathFinder):
    """Stands last among the finders of a worker, and notes what none of them has found."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:
        """Note the name, and find nothing."""
        if len(self._names) < MOST_MISSING:
            self._names[name] = None

    def take(self) -> list[str]:
        """Return what has been looked for in vain since this was asked last."""
        names = list(self._names)
        self._names.clear()
        return names


MISSING = Missing()


@contextlib.contextmanager
def room() -> Iterator[None]:
    """Let what has been parsed be read, however deeply it is nested and long its numbers are."""
    depth, digits = sys.getrecursionlimit(), sys.get_int_max_str_digits()
    sys.setrecursionlimit(max(depth, DEPTH))
    sys.set_int_max_str_digits(DIGITS)
    try:
        yield
    finally:
        sys.setrecursionlimit(depth)
        sys.set_int_max_str_digits(digits)


@functools.lru_cache(maxsize=1000)
def text_of(statement: ast.stmt) -> str:
    """Return a statement as text; of one that cannot be written down, what it consists of."""
    try:
        return ast.unparse(statement).encode(errors="replace").decode()
    except Exception:
        return " ".join(type(node).__name__ for node in ast.walk(statement))


def reason(error: BaseException) -> str:
    """Return what an error says, and which modules have been looked for in vain meanwhile."""
    told = f"{type(error).__name__}: {error}"[:400]
    if isinstance(error, MemoryError):
        told = "out of memory"
    names = ", ".join(MISSING.take())
    return f"{told} (missing in the sandbox: {names})" if names else told


def failure(file: str, statement: ast.stmt, told: str) -> dict[str, Any]:
    """Describe a statement that cannot be read, as `parse.syntax_failure` does a syntax error."""
    line = statement.lineno
    return {
        "type": "Unreadable",
        "message": f"this statement cannot be read: {told} ({file}, line {line})",
        "traceback": "",
        "file": file,
        "line": line,
        "first": line,
        "last": statement.end_lineno or line,
        "names": [statement.name] if isinstance(statement, ast.FunctionDef) else [],
    }


def finding(file: str, statement: ast.stmt, error: Exception) -> dict[str, Any]:
    """Return what staff are told of a statement in which no evidence could be looked for; see
    `evidence.Evidence.findings`.
    """
    line, told = statement.lineno, reason(error)
    return {
        "id": hashlib.sha256(f"{file}\0unread\0{text_of(statement)}".encode()).hexdigest(),
        "file": file,
        "line": line,
        "kind": "unread",
        "what": told[:200],
        "reason": "could not be looked at",
    }


def sifted(
    file: str, statements: Sequence[ast.stmt], read: Callable[[list[ast.stmt]], Told]
) -> tuple[Told, list[dict[str, Any]]]:
    """Return what reading statements tells, and the failures of those that had to be left out.

    Those are left out that cannot even be read by themselves; all of them, if that does not help.
    """
    try:
        return read(list(statements)), []
    except Exception as error:
        kept, failures = [], []
        whole = reason(error)
        for statement in statements:
            try:
                read([statement])
            except Exception as own:
                failures.append(failure(file, statement, reason(own)))
            else:
                kept.append(statement)
    try:
        return read(kept), failures
    except Exception:
        return read([]), [failure(file, statement, whole) for statement in statements]
