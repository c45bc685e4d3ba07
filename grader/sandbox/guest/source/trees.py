"""What several readers of syntax trees ask of a statement. Standard library only."""

from __future__ import annotations

import ast
import functools
import symtable

SCOPES = (
    ast.AsyncFunctionDef, ast.ClassDef, ast.DictComp, ast.FunctionDef, ast.GeneratorExp,
    ast.Lambda, ast.ListComp, ast.SetComp,
)  # fmt: skip


@functools.lru_cache(maxsize=1000)
def nodes(tree: ast.stmt) -> tuple[ast.AST, ...]:
    """Return everything in a statement. It is asked for ten times, and walking takes long."""
    return tuple(ast.walk(tree))


@functools.lru_cache(maxsize=1000)
def used_names(statement: ast.stmt) -> frozenset[str]:
    """Return the module's names that a statement uses: not its functions' own variables."""
    plain = isinstance(statement, (ast.Assign, ast.AugAssign, ast.Expr))
    if plain and not any(isinstance(node, SCOPES) for node in nodes(statement)):
        return frozenset(node.id for node in nodes(statement) if isinstance(node, ast.Name))
    try:
        tables = [symtable.symtable(ast.unparse(statement), "", "exec")]
    except Exception:  # then rather too many than too few
        return frozenset(node.id for node in nodes(statement) if isinstance(node, ast.Name))
    names: set[str] = set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        of_module = table.get_type() == "module"
        names |= {s.get_name() for s in table.get_symbols() if of_module or s.is_global()}
    return frozenset(names)


def imported(statements: list[ast.stmt], siblings: frozenset[str]) -> dict[str, tuple[str, str]]:
    """Return what of other files of the submission is imported: the file's name without `.py`, and
    the name in it or "" for all, by the name that it has here. That is "*" for `import *`.
    """
    names: dict[str, tuple[str, str]] = {}
    for node in (node for statement in statements for node in nodes(statement)):
        if isinstance(node, ast.Import):
            own = (alias for alias in node.names if alias.name in siblings)
            names |= {alias.asname or alias.name: (alias.name, "") for alias in own}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (node.module or "") in siblings:
                    place = (node.module or "", alias.name.replace("*", ""))
                elif node.module is None and alias.name in siblings:
                    place = (alias.name, "")
                else:
                    continue
                names[alias.asname or alias.name] = place
    return names
