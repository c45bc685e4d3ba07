"""Which top-level statements of a file a function depends on.

There are two answers. The narrow one follows names from use to binding. The wide one also takes it
that a statement which is executed when the file is run may change everything that it mentions: it
may put something into a list, set an attribute of a module, or decorate a function.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:
    from grader.sandbox import policy
else:  # in the sandbox there is no package: these files are run by path
    import policy

Definition = (ast.FunctionDef, ast.AsyncFunctionDef)


def bound_names(statement: ast.stmt) -> set[str]:
    """Return the module's names that a top-level statement may bind, at any depth."""
    if isinstance(statement, Definition):
        # Its own variables are not the module's, unless it says `global`.
        inner = (node for node in policy.nodes(statement) if isinstance(node, ast.Global))
        return {statement.name, *(name for declared in inner for name in declared.names)}
    names: set[str] = set()
    for node in policy.nodes(statement):
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


def star_imports(statements: list[ast.stmt], siblings: frozenset[str]) -> set[str]:
    """Return the files of the submission from which everything is imported."""
    return {
        (node.module or "").split(".")[0]
        for statement in statements
        for node in policy.nodes(statement)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    } & siblings


class Module:
    """What the functions of a file depend on in it. Each statement is looked at once."""

    def __init__(self, statements: Sequence[ast.stmt]) -> None:
        self._statements = statements
        self._bound = [bound_names(statement) for statement in statements]
        self._used = [policy.used_names(statement) for statement in statements]
        self._narrow: dict[str, list[int]] = {}
        self._wide: dict[str, list[int]] = {}
        for index, statement in enumerate(statements):
            mentioned = self._used[index] if is_executed(statement) else frozenset()
            for name in self._bound[index]:
                self._narrow.setdefault(name, []).append(index)
            for name in self._bound[index] | mentioned:
                self._wide.setdefault(name, []).append(index)
        self._reached: dict[tuple[str, bool], tuple[set[int], set[str]]] = {}

    def names_of(self, function: str) -> set[str]:
        """Return every name that a function may depend on, its own included."""
        return self._reach(function, wide=True)[1]

    def concerns(self, function: str, index: int, finding: Mapping[str, Any]) -> bool:
        """Tell whether a finding in a statement concerns a function.

        A leftover of autograd, such as `loss.backward()`, does nothing where autograd is off, so it
        concerns those who use what it binds. Anything else that is executed and binds no name may
        have changed anything.
        """
        if policy.is_leftover(finding):
            return index in self._reach(function, wide=False)[0]
        everyone = not self._bound[index] or "*" in self._bound[index]
        if everyone and not _is_docstring(self._statements[index]):
            return True
        return index in self._reach(function, wide=True)[0]

    def _reach(self, function: str, *, wide: bool) -> tuple[set[int], set[str]]:
        """Return the statements and the names that a function depends on, itself included."""
        if (function, wide) not in self._reached:
            binding = self._wide if wide else self._narrow
            seen: set[int] = set()
            names = {function}
            waiting = [function]
            while waiting:
                for index in binding.get(waiting.pop(), []):
                    if index not in seen:
                        seen.add(index)
                        new = self._used[index] - names
                        names |= new
                        waiting += new
            self._reached[function, wide] = seen, names
        return self._reached[function, wide]
