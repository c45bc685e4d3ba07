"""What several readers of syntax trees ask of a statement. Standard library only."""

from __future__ import annotations

import ast
import functools
import symtable


@functools.lru_cache(maxsize=1000)
def nodes(tree: ast.stmt) -> tuple[ast.AST, ...]:
    """Return everything in a statement. It is asked for ten times, and walking takes long."""
    return tuple(ast.walk(tree))


@functools.lru_cache(maxsize=1000)
def used_names(statement: ast.stmt) -> frozenset[str]:
    """Return the module's names that a statement uses: not its functions' own variables."""
    try:
        tables = [symtable.symtable(ast.unparse(statement), "", "exec")]
    except (SyntaxError, ValueError, RecursionError):  # then rather too many than too few
        return frozenset(node.id for node in nodes(statement) if isinstance(node, ast.Name))
    names: set[str] = set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        of_module = table.get_type() == "module"
        names |= {s.get_name() for s in table.get_symbols() if of_module or s.is_global()}
    return frozenset(names)


def imported(statements: list[ast.stmt], siblings: frozenset[str]) -> set[str]:
    """Return the names under which other files of the submission are imported."""
    names: set[str] = set()
    for node in (node for statement in statements for node in nodes(statement)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in siblings:
                    names.add(alias.asname or alias.name)
        elif isinstance(node, ast.ImportFrom) and (node.module or "") in siblings:
            names |= {alias.asname or alias.name for alias in node.names}
            names.add(node.module or "")
    return names
