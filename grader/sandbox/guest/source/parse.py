"""Parse a file of a submission: its statements, its syntax errors, and the functions it binds.

An error costs its block and no other. Standard library only.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
CELL = "# %% "
MOST_LINES = 60
"""How many blocks a long string may span in a file that does not parse."""

MOST_PARAMETERS = 200

Function = ast.FunctionDef | ast.Lambda


def blocks(text: str) -> list[tuple[int, str]]:
    """Cut a source that does not parse into top-level blocks: (number of the line before, text).

    A block starts at a line that is not indented and does not continue the one before (`else`,
    `except`, a closing bracket), so that an error in one function leaves the others whole. The
    head of a cell is a block of its own, and no string goes on across it.
    """
    lines = [f"{line}\n" for line in text.split("\n")]
    starts: list[int] = []
    decorated = False
    for number, line in enumerate(lines):
        if line.startswith(CELL):
            starts.append(number)
            decorated = False
            continue
        if not line.strip() or line[0] in " \t#)]}":
            continue
        word = line.split(maxsplit=1)[0].rstrip(":")
        if not decorated and word not in ("else", "elif", "except", "finally"):
            starts.append(number)
        decorated = line.startswith("@")
    bounds = zip(starts, [*starts[1:], len(lines)], strict=False)
    return [(start, "".join(lines[start:end])) for start, end in bounds]


def parse(file: str, text: str) -> tuple[list[ast.stmt], list[dict[str, Any]]]:
    """Return the top-level statements of a source, and the syntax errors of blocks left out."""
    try:
        return ast.parse(text, file).body, []
    except UNPARSABLE:
        statements: list[ast.stmt] = []
        failures = []
        waiting = blocks(text)
        while waiting:
            before, block = waiting.pop(0)
            tree = _parsed(file, block, waiting)
            if isinstance(tree, Exception):
                failures.append(syntax_failure(file, before, block, tree))
            else:
                statements += ast.increment_lineno(tree, before).body
        return statements, failures


def _parsed(file: str, block: str, following: list[tuple[int, str]]) -> ast.Module | Exception:
    """Parse a block, with as many of the following ones as it takes to close a long string; these
    are then taken off the list. Return the block's own error if that does not help.
    """
    try:
        return ast.parse(block, file)
    except UNPARSABLE as error:
        if "'''" in block or '"""' in block:
            longer = block
            for count, (_, text) in enumerate(following[:MOST_LINES], 1):
                if text.startswith(CELL):
                    break
                longer += text
                with contextlib.suppress(*UNPARSABLE):
                    tree = ast.parse(longer, file)
                    del following[:count]
                    return tree
        return error


def syntax_failure(file: str, before: int, block: str, error: Exception) -> dict[str, Any]:
    """Describe a block that does not parse, with line numbers of the whole file."""
    line = before + (getattr(error, "lineno", None) or 1)
    told = (getattr(error, "msg", None) or str(error) or type(error).__name__)[:400]
    shown = (getattr(error, "text", None) or "").rstrip()[:200]
    return {
        "type": type(error).__name__,
        "message": f"{type(error).__name__}: {told} ({file}, line {line})",
        "traceback": f'  File "{file}", line {line}\n    {shown}\n{type(error).__name__}: {told}\n',
        "file": file,
        "line": line,
        "first": before + 1,
        "last": before + len(block.rstrip().splitlines()),
        "names": [
            head.removeprefix("def ").split("(")[0].strip()[:100]
            for head in block.splitlines()[:20]
            if head.startswith("def ")
        ],
    }


def parameters_of(node: Function) -> dict[str, list[str]]:
    """Return the parameters of a function: positional, keyword-only, and those without default."""
    spec = node.args
    positional = [argument.arg for argument in (*spec.posonlyargs, *spec.args)]
    required = positional[: len(positional) - len(spec.defaults)]
    keyword = [argument.arg for argument in spec.kwonlyargs]
    defaults = zip(keyword, spec.kw_defaults, strict=True)
    required += [name for name, default in defaults if default is None]
    named = {"positional": positional, "keyword": keyword, "required": required}
    return {key: names[:MOST_PARAMETERS] for key, names in named.items()}


def run_in_module(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Return the statements of a module that are run when it is graded: no self-test, as in
    `if __name__ == "__main__":`, whatever name a file has or gives itself.
    """
    kept: list[ast.stmt] = []
    for statement in statements:
        kept += statement.orelse if _is_self_test(statement) else [statement]
    return kept


def _is_self_test(statement: ast.stmt) -> TypeGuard[ast.If]:
    if not isinstance(statement, ast.If) or not isinstance(statement.test, ast.Compare):
        return False
    test = statement.test
    sides = [test.left, *test.comparators]
    return (
        [type(one) for one in test.ops] == [ast.Eq]
        and any(isinstance(one, ast.Name) and one.id == "__name__" for one in sides)
        and any(isinstance(one, ast.Constant) and one.value == "__main__" for one in sides)
    )


def functions_of(
    statement: ast.stmt, known: dict[str, Function]
) -> Iterator[tuple[str, Function, int]]:
    """Yield the functions that a top-level statement binds, with name and line.

    known: the functions bound so far, by name; it is brought up to date.
    """
    for name, function in _bound_functions(statement, known):
        known[name] = function
        yield name, function, statement.lineno


def _bound_functions(
    statement: ast.stmt, known: Mapping[str, Function]
) -> Iterator[tuple[str, Function]]:
    if isinstance(statement, ast.FunctionDef):
        yield statement.name, statement
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield from _assigned(target, statement.value, known)
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        yield from _assigned(statement.target, statement.value, known)
    elif isinstance(statement, (ast.If, ast.With, ast.Try)):
        for inner in statement.body:
            yield from _bound_functions(inner, known)


def _assigned(
    target: ast.expr, value: ast.expr, known: Mapping[str, Function]
) -> Iterator[tuple[str, Function]]:
    if isinstance(target, ast.Name):
        if isinstance(value, ast.Lambda):
            yield target.id, value
        elif isinstance(value, ast.Name) and value.id in known:
            yield target.id, known[value.id]
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, its in zip(target.elts, value.elts, strict=False):
            yield from _assigned(one, its, known)
