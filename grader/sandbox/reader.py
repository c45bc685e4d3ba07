"""Read a submission's syntax trees: what it defines, and which findings concern which function.

Runs in a worker that executes nothing of the submission, because parsing hostile source can crash
an interpreter. Standard library only.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:
    from grader.sandbox import policy
else:  # in the sandbox there is no package: these files are run by path
    import policy

MOST = 500
"""How many functions, errors and findings are told: more would not fit into an answer."""

Function = ast.FunctionDef | ast.Lambda


def blocks(text: str) -> list[tuple[int, str]]:
    """Cut a source that does not parse into top-level blocks: (number of the line before, text).

    A block starts at a line that is not indented and does not continue the one before (`else`,
    `except`, a closing bracket), so that an error in one function leaves the others whole.
    """
    lines = [f"{line}\n" for line in text.split("\n")]
    starts: list[int] = []
    decorated = False
    for number, line in enumerate(lines):
        if not line.strip() or line[0] in " \t#)]}":
            continue
        word = line.split(maxsplit=1)[0].rstrip(":")
        if not decorated and word not in ("else", "elif", "except", "finally"):
            starts.append(number)
        decorated = line.startswith("@")
    bounds = zip(starts, [*starts[1:], len(lines)], strict=True)
    return [(start, "".join(lines[start:end])) for start, end in bounds]


def parse(file: str, text: str) -> tuple[list[ast.stmt], list[dict[str, Any]]]:
    """Return the top-level statements of a source, and the syntax errors of blocks left out."""
    try:
        return ast.parse(text, file).body, []
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        statements: list[ast.stmt] = []
        failures = []
        for before, block in blocks(text):
            try:
                tree = ast.parse(block, file)
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                failures.append(syntax_failure(file, before, block, error))
            else:
                statements += ast.increment_lineno(tree, before).body
        return statements, failures


def syntax_failure(file: str, before: int, block: str, error: Exception) -> dict[str, Any]:
    """Describe a block that does not parse, with line numbers of the whole file."""
    line = before + (getattr(error, "lineno", None) or 1)
    told = getattr(error, "msg", None) or str(error) or type(error).__name__
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
            head.removeprefix("def ").split("(")[0].strip()
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
    return {"positional": positional, "keyword": keyword, "required": required}


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


def bound_names(statement: ast.stmt) -> set[str]:
    """Return the names that a top-level statement binds."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    names = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name.split(".")[0])
    return names


def used_names(statement: ast.stmt) -> set[str]:
    """Return the module's names that a statement uses: not its functions' own variables."""
    try:
        tables = [symtable.symtable(ast.unparse(statement), "", "exec")]
    except (SyntaxError, ValueError, RecursionError):  # then rather too many than too few
        return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    names = set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        of_module = table.get_type() == "module"
        names |= {s.get_name() for s in table.get_symbols() if of_module or s.is_global()}
    return names


def reached(name: str, statements: list[ast.stmt]) -> set[int]:
    """Return the indices of the top-level statements that a name depends on, transitively."""
    binding: dict[str, list[int]] = {}
    for index, statement in enumerate(statements):
        for bound in bound_names(statement):
            binding.setdefault(bound, []).append(index)
    seen: set[int] = set()
    waiting = [name]
    while waiting:
        for index in binding.get(waiting.pop(), []):
            if index not in seen:
                seen.add(index)
                waiting += used_names(statements[index])
    return seen


def read_file(file: str, text: str, siblings: frozenset[str]) -> dict[str, Any]:
    """Read one file: its functions, its syntax errors and its findings.

    A finding names the functions that depend on it. One in a statement that binds no name can
    change anything, so it concerns every function of the file, unless it is a leftover call of
    autograd, which changes nothing because it does not work.
    """
    statements, failures = parse(file, text)
    known: dict[str, Function] = {}
    definitions = [
        {
            "name": name,
            "file": file,
            "line": line,
            "end": statement.end_lineno,
            **parameters_of(node),
        }
        for statement in statements
        for name, node, line in functions_of(statement, known)
    ]
    reach = {name: reached(name, statements) for name in known}
    findings = []
    for index, statement in enumerate(statements):
        everywhere = not bound_names(statement)
        for finding in policy.findings(file, statement, siblings):
            concerns = {name for name, indices in reach.items() if index in indices}
            if everywhere and finding["rule"] != "autograd":
                concerns = set(reach)
            findings.append({**finding, "functions": sorted(concerns)})
    return {"definitions": definitions, "failures": failures, "findings": findings}


def survey(sources: Mapping[str, str]) -> dict[str, Any]:
    """Read every file of a submission, without running anything of it."""
    siblings = frozenset(name.removesuffix(".py") for name in sources)
    files = [read_file(file, text, siblings) for file, text in sources.items()]
    return {
        key: [entry for file in files for entry in file[key]][:MOST]
        for key in ("definitions", "failures", "findings")
    }
