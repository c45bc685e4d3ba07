"""Read a submission's syntax trees: what it defines, and which findings concern which function.

Runs in a worker that executes nothing of the submission, because parsing hostile source can crash
an interpreter. Standard library only.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:
    from grader.sandbox import policy, scope
else:  # in the sandbox there is no package: these files are run by path
    import policy
    import scope

UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
MOST_LINES = 60
"""How many blocks a long string may span in a file that does not parse."""

MOST_IN_FILE, MOST = 100, 300
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
                longer += text
                with contextlib.suppress(*UNPARSABLE):
                    tree = ast.parse(longer, file)
                    del following[:count]
                    return tree
        return error


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


def read_file(file: str, text: str, siblings: frozenset[str]) -> dict[str, Any]:
    """Read one file: its functions, its syntax errors, and its findings with whom they concern."""
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
    own_modules = policy.imported(statements, siblings - {file.removesuffix(".py")})
    methods = policy.methods_of(statements)
    reach = {name: scope.Reach(name, statements) for name in known}
    findings = []
    for index, statement in enumerate(statements):
        for finding in policy.findings(file, statement, siblings, own_modules | methods):
            concerns = [name for name in known if reach[name].concerned_by(index, finding)]
            findings.append({**finding, "functions": sorted(concerns)})
    if len(findings) > MOST_IN_FILE:
        rest = policy.too_many(findings[MOST_IN_FILE], sorted(known))
        findings = [*findings[:MOST_IN_FILE], rest]
    imports = {
        name: sorted(own_modules & reach[name].names | scope.star_imports(statements, siblings))
        for name in known
    }
    return {
        "definitions": definitions,
        "failures": failures,
        "findings": findings,
        "imports": {"file": file, "of": imports},
    }


def survey(sources: Mapping[str, str]) -> dict[str, Any]:
    """Read every file of a submission, without running anything of it.

    A finding's `functions` are pairs of file and name. What a file imports of another file may be
    anything in it, so a finding there concerns whoever reaches the import.
    """
    siblings = frozenset(name.removesuffix(".py") for name in sources)
    files = [read_file(file, text, siblings) for file, text in sources.items()]
    reaching = _reaching_modules([file["imports"] for file in files])
    findings = []
    for finding in (finding for file in files for finding in file["findings"]):
        module = finding["file"].removesuffix(".py")
        own = {(finding["file"], name) for name in finding["functions"]}
        harmless = policy.is_leftover(finding) and not own
        others = set() if harmless else reaching.get(module, set())
        findings.append({**finding, "functions": sorted(own | others)})
    if len(findings) > MOST:
        everyone = [(d["file"], d["name"]) for file in files for d in file["definitions"]]
        findings = [*findings[:MOST], policy.too_many(findings[MOST], everyone[:MOST])]
    return {
        "definitions": [entry for file in files for entry in file["definitions"]][:MOST],
        "failures": [entry for file in files for entry in file["failures"]][:MOST],
        "findings": findings,
    }


def _reaching_modules(imports: list[dict[str, Any]]) -> dict[str, set[tuple[str, str]]]:
    """Return for each file of a submission, as a module, the functions that reach it."""
    direct: dict[str, set[str]] = {}
    for entry in imports:
        module = entry["file"].removesuffix(".py")
        direct[module] = {name for names in entry["of"].values() for name in names}
    reaching: dict[str, set[tuple[str, str]]] = {}
    for entry in imports:
        for function, names in entry["of"].items():
            seen: set[str] = set()
            waiting = list(names)
            while waiting:
                module = waiting.pop()
                if module not in seen:
                    seen.add(module)
                    waiting += direct.get(module, set())
            for module in seen:
                reaching.setdefault(module, set()).add((entry["file"], function))
    return reaching
