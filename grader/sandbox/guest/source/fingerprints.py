"""Fingerprints of functions: the same digest for the same function in other names and layout.

Runs in a worker that executes nothing of a submission, as `survey.py` does. Standard library only.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import hashlib
import re
from collections.abc import Iterator, Mapping, Set
from typing import Any

from . import guard
from .parse import Function, functions_of, parse

MOST, MOST_REMARKS = 1500, 200
LONGEST_NAME, LONGEST_REMARK = 80, 160
_REMARK = re.compile(r"#+\s*(.*)")

Node = ast.FunctionDef | ast.Lambda


class _Normal(ast.NodeTransformer):
    """Numbers the names that a function binds itself, in the order in which they occur."""

    def __init__(self, own: set[str]) -> None:
        self._own = own
        self._numbers: dict[str, str] = {}

    def _name(self, name: str) -> str:
        if name not in self._own:
            return name
        return self._numbers.setdefault(name, f"_{len(self._numbers)}")

    def visit_Name(self, node: ast.Name) -> ast.Name:
        """Number a name."""
        return ast.Name(self._name(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """Number a parameter; its annotation says nothing about what is done."""
        return ast.arg(self._name(node.arg), None)


def _bound(function: Node) -> set[str]:
    """Return the names of parameters and of whatever is assigned in a function."""
    names = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    stored = (n for n in ast.walk(function) if isinstance(n, ast.Name))
    return names | {node.id for node in stored if isinstance(node.ctx, ast.Store)}


def _body(function: Node) -> list[ast.AST]:
    """Return what a function does, without its docstring."""
    if isinstance(function, ast.Lambda):
        return [ast.Return(function.body)]
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return list(function.body[1:] if documented else function.body)


def of_function(function: Node, siblings: Set[str] = frozenset()) -> tuple[str, int]:
    """Return the digest of a function's normal form and its size in syntax nodes.

    siblings: names of other functions of the file, which say as little as those of variables.
    """
    normal = _Normal(_bound(function) | siblings)
    body = copy.deepcopy(_body(function))
    told = "\n".join(ast.dump(normal.visit(statement)) for statement in body)
    size = sum(1 for statement in body for _ in ast.walk(statement))
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest(), size


def of_file(file: str, text: str) -> list[dict[str, Any]]:
    """Return file, name, line, digest and size of every function that a file binds at its top."""
    statements, _ = parse(file, text)
    known: dict[str, Function] = {}
    bound = [entry for stmt in statements for entry in functions_of(stmt, known)]
    siblings = {name for name, _, _ in bound}
    found = []
    for name, node, line in bound:
        with guard.room(), contextlib.suppress(Exception):  # it costs this function
            digest, size = of_function(node, siblings)
            entry = {"file": file, "name": name[:LONGEST_NAME], "line": line}
            found.append({**entry, "digest": digest, "size": size})
    return found


def remarks(file: str, text: str) -> Iterator[dict[str, Any]]:
    """Yield the comments of a file with their lines; of a line with a mark in a text as well."""
    for number, line in enumerate(text.split("\n"), 1):
        match = _REMARK.search(line)
        if match and match.group(1):
            yield {"file": file, "line": number, "text": match.group(1)[:LONGEST_REMARK]}


def survey(sources: Mapping[str, str]) -> dict[str, Any]:
    """Return the fingerprints and the comments of all files of a submission."""
    functions = [entry for file, text in sources.items() for entry in of_file(file, text)]
    comments = [entry for file, text in sources.items() for entry in remarks(file, text)]
    return {"functions": functions[:MOST], "remarks": comments[:MOST_REMARKS]}
