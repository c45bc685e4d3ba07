"""Which top-level statements of a file a function depends on.

Names are followed from use to binding. A statement that is executed when the file is run may change
everything that it mentions: it may put something into a list, set an attribute of a module, or
decorate a function.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from . import trees

LOOK_UPS = frozenset(
    "__builtins__ __import__ builtins eval exec gc globals importlib inspect locals sys "
    "vars".split()
)
"""With these a function finds names that it does not write."""

Definition = (ast.FunctionDef, ast.AsyncFunctionDef)


def bound_names(statement: ast.stmt) -> set[str]:
    """Return the module's names that a top-level statement may bind, at any depth."""
    if isinstance(statement, Definition):
        # Its own variables are not the module's, unless it says `global`.
        inner = (node for node in trees.nodes(statement) if isinstance(node, ast.Global))
        return {statement.name, *(name for declared in inner for name in declared.names)}
    names: set[str] = set()
    for node in trees.nodes(statement):
        if isinstance(node, (*Definition, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name.split(".")[0])
        elif isinstance(node, ast.Global):
            names |= set(node.names)
        elif isinstance(node, (ast.MatchAs, ast.MatchStar, ast.ExceptHandler)) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names.add(node.rest)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def is_executed(statement: ast.stmt) -> bool:
    """Tell whether a statement does more, when the file is run, than to bind its names."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return False
    if isinstance(statement, Definition):
        defaults = [*statement.args.defaults, *statement.args.kw_defaults]
        plain = all(node is None or isinstance(node, ast.Constant) for node in defaults)
        return bool(statement.decorator_list) or not plain
    return not _is_docstring(statement)


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


class Module:
    """What the functions of a file depend on in it. Each statement is looked at once."""

    def __init__(self, statements: Sequence[ast.stmt]) -> None:
        self._used = [trees.used_names(statement) for statement in statements]
        self._mentioned: dict[str, list[int]] = {}
        for index, statement in enumerate(statements):
            mentioned = self._used[index] if is_executed(statement) else frozenset()
            for name in bound_names(statement) | mentioned:
                self._mentioned.setdefault(name, []).append(index)
        self._reached: dict[str, tuple[set[int], set[str]]] = {}

    def names_of(self, name: str) -> set[str]:
        """Return every name that a name's value may depend on, itself included."""
        return self._reach(name)[1]

    def concerns(self, function: str, index: int) -> bool:
        """Tell whether a function depends on a statement. One that looks names up as it runs may
        depend on any.
        """
        seen, names = self._reach(function)
        return index in seen or not LOOK_UPS.isdisjoint(names)

    def _reach(self, function: str) -> tuple[set[int], set[str]]:
        """Return the statements and the names that a function depends on, itself included."""
        if function not in self._reached:
            seen: set[int] = set()
            names = {function}
            waiting = [function]
            while waiting:
                for index in self._mentioned.get(waiting.pop(), []):
                    if index not in seen:
                        seen.add(index)
                        new = self._used[index] - names
                        names |= new
                        waiting += new
            self._reached[function] = seen, names
        return self._reached[function]
