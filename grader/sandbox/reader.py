"""Read a submission's syntax trees: what it defines, and which findings concern which function.

Runs in a worker that executes nothing of the submission, because parsing hostile source can crash
an interpreter. Standard library only.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING or __package__:
    from grader.sandbox import flat, guard, plain, scope, trees
    from grader.sandbox.evidence import Evidence
else:  # in the sandbox there is no package: these files are run by path
    import flat
    import guard
    import plain
    import scope
    import trees
    from evidence import Evidence

UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
CELL = "# %% "
MOST_LINES = 60
"""How many blocks a long string may span in a file that does not parse."""

MOST_IN_FILE, MOST = 100, 300
"""How many candidates for tasks, errors and findings are told: more would not fit into an answer.
"""

MOST_PARAMETERS = 200

Function = ast.FunctionDef | ast.Lambda
Place = tuple[str, str]
"""A file without `.py`, and a name in it, or "" for all of it."""

Known = dict[tuple[str, str, frozenset[str]], dict[str, Any]]


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


@dataclass
class Scope:
    """The statements of one file, and who of its functions and answers depends on which.

    concerned: tells whether one of `names` depends on a statement, by index. in_parts: what none of
    them depends on is not even run.
    """

    statements: Sequence[ast.stmt]
    definitions: list[dict[str, Any]]
    names: Mapping[str, set[str]]
    concerned: Callable[[str, int], bool]
    in_parts: bool = False


def _of_module(file: str, statements: list[ast.stmt]) -> Scope:
    """Read a file that is run from top to bottom."""
    known: dict[str, Function] = {}
    definitions = [
        _definition(file, name, node, line, statement)
        for statement in statements
        for name, node, line in functions_of(statement, known)
    ]
    module = scope.Module(statements)
    bound = {name for statement in statements for name in scope.bound_names(statement)}
    names = {name: module.names_of(name) for name in bound}
    return Scope(statements, definitions, names, module.concerns)


def _of_notebook(file: str, reading: flat.Reading, words: flat.Vocabulary) -> Scope:
    """Read a notebook, of which only what an answer depends on is run."""
    definitions: list[dict[str, Any]] = []
    reach: dict[str, frozenset[int]] = {}
    for answer in reading.answers():
        found = {"name": answer.gradient, "file": file, "line": answer.line, "end": answer.end}
        empty: dict[str, list[str]] = {"positional": [], "keyword": [], "required": []}
        definitions.append({**found, **empty, "form": "flat", "task": answer.task})
        reach[answer.task] = frozenset(answer.statements)
    known: dict[str, Function] = {}
    functions = [
        _definition(file, name, node, line, statement)
        for statement in reading.statements
        for name, node, line in functions_of(statement, known)
        if words.may_answer(name)
    ]
    for function in functions[-MOST:]:  # what one depends on takes long to find
        definitions.append({**function, "form": "cell"})
        reach[function["name"]] = frozenset(reading.needed_by_line(function["line"]))
    return Scope(
        reading.statements,
        definitions,
        {name: reading.names_in(places) for name, places in reach.items()},
        lambda name, index: index in reach[name],
        in_parts=True,
    )


def _definition(
    file: str, name: str, node: Function, line: int, statement: ast.stmt
) -> dict[str, Any]:
    place = {"name": name, "file": file, "line": line, "end": statement.end_lineno}
    return {**place, "stub": _is_stub(node), **parameters_of(node)}


def _is_stub(node: Function) -> bool:
    """Tell whether a function does nothing but raise NotImplementedError."""
    if isinstance(node, ast.Lambda):
        return False
    body = [s for s in node.body if not (isinstance(s, ast.Expr) and _is_text(s.value))]
    if len(body) != 1 or not isinstance(body[0], ast.Raise):
        return False
    names = (node.id for node in ast.walk(body[0]) if isinstance(node, ast.Name))
    return any(name.startswith("NotImpl") for name in names)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def scope_of(file: str, text: str, statements: list[ast.stmt], words: flat.Vocabulary) -> Scope:
    """Return what a file defines and who depends on what in it."""
    if flat.has_cells(text) or any(scope.is_executed(statement) for statement in statements):
        reading = flat.Reading(statements, words)
        if flat.has_cells(text) or reading.answers():
            return _of_notebook(file, reading, words)
    return _of_module(file, run_in_module(statements))


def read_file(
    file: str, text: str, siblings: frozenset[str], words: flat.Vocabulary
) -> dict[str, Any]:
    """Read one file: its functions, its syntax errors, and its findings with whom they concern.

    What cannot be read costs one statement: it is a failure, too.
    """
    statements, failures = parse(file, text)
    with guard.room():
        told, unread = guard.sifted(
            file, statements, lambda some: _read(file, text, some, siblings, words)
        )
    return {**told, "failures": failures + unread}


def _read(
    file: str,
    text: str,
    statements: list[ast.stmt],
    siblings: frozenset[str],
    words: flat.Vocabulary,
) -> dict[str, Any]:
    found = scope_of(file, text, statements, words)
    findings = []
    evidence = Evidence(file, found.statements)
    for index, statement in enumerate(found.statements):
        for finding in _findings(file, statement, evidence):
            concerns = [name for name in found.names if found.concerned(name, index)]
            findings.append({**finding, "functions": sorted(concerns)})
    return {
        "definitions": found.definitions,
        "plain": not found.in_parts and _is_plain(found.statements),
        "findings": findings[:MOST_IN_FILE],
        "borrowed": _borrowed(found, trees.imported(statements, siblings)),
    }


def _borrowed(found: Scope, imported: Mapping[str, tuple[str, str]]) -> dict[str, set[Place]]:
    """Return what each name of a file takes from other files. A statement that is executed may do
    anything with what it takes, and `import *` brings anything.
    """
    executed = [s for s in found.statements if imported and scope.is_executed(s)]
    everywhere = {"*"}.union(*(trees.used_names(statement) for statement in executed))
    return {
        name: {place for own, place in imported.items() if own in names | everywhere}
        for name, names in found.names.items()
    }


def _findings(file: str, statement: ast.stmt, evidence: Evidence) -> list[dict[str, Any]]:
    """Return the findings of a statement; of one that cannot be read, that it cannot."""
    try:
        return list(evidence.findings(statement))
    except Exception as error:
        return [guard.finding(file, statement, error)]


def _is_plain(statements: Sequence[ast.stmt]) -> bool:
    """Tell whether a file can leave nothing behind. One that cannot be read may."""
    try:
        return plain.is_plain(list(statements))
    except Exception:
        return False


def survey(
    sources: Mapping[str, str], words: flat.Vocabulary, known: Known | None = None
) -> dict[str, Any]:
    """Read every file of a submission, without running anything of it.

    words: the names by which answers at the top level are told from other variables. known: what
    came of files the last time, which is not read again, and what came of them now.

    A finding's `functions` are pairs of file and name: those that depend on its place, in its own
    file and in files that import from it.
    """
    siblings = frozenset(name.removesuffix(".py") for name in sources)
    before, known = dict(known or {}), {} if known is None else known
    known.clear()
    for file, text in sources.items():
        key = (file, text, siblings)
        known[key] = before.get(key) or read_file(file, text, siblings, words)
    files = list(known.values())
    modules = {name.removesuffix(".py"): file for name, file in zip(sources, files, strict=True)}
    borrowed = {module: file["borrowed"] for module, file in modules.items()}
    told = [entry for file in files for entry in file["definitions"]]
    # Of many candidates for a task the last one counts.
    definitions = [entry for entry in told if words.may_answer(entry["name"])][-MOST:]
    reached = {
        (d["file"], d.get("task", d["name"])): _reached(borrowed, d["file"].removesuffix(".py"), d)
        for d in definitions
    }
    findings = []
    for finding in (finding for file in files for finding in file["findings"]):
        module = finding["file"].removesuffix(".py")
        places = {(module, name) for name in ("", *finding["functions"])}
        concerned = [key for key, found in reached.items() if not found.isdisjoint(places)]
        findings.append({**finding, "functions": sorted(concerned)})
    return {
        "definitions": definitions,
        "failures": [entry for file in files for entry in file["failures"]][:MOST],
        "plain": [name for name, file in zip(sources, files, strict=True) if file["plain"]],
        "findings": findings[:MOST],
    }


def _reached(
    borrowed: Mapping[str, Mapping[str, set[Place]]], module: str, definition: Mapping[str, Any]
) -> set[Place]:
    """Return what an answer depends on: names of files, and "" for everything in a file."""
    seen: set[Place] = set()
    waiting = [(module, definition.get("task", definition["name"]))]
    while waiting:
        place = waiting.pop()
        if place not in seen:
            seen.add(place)
            of, name = place
            own = borrowed.get(of, {})
            for names in own.values() if not name else [own.get(name, set())]:
                waiting += names
    return seen
