"""Read a submission's syntax trees: what it defines, and which findings concern which function.

Runs in a worker that executes nothing of the submission, because parsing hostile source can crash
an interpreter. Standard library only.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..flat.names import Vocabulary
from ..flat.reading import Reading
from ..flat.statements import has_cells
from . import dependencies, guard, side_effects, trees
from .evidence import Evidence
from .parse import Function, functions_of, parameters_of, parse, run_in_module

MOST_IN_FILE, MOST = 100, 300
"""How many candidates for tasks, errors and findings are told: more would not fit into an answer.
"""

Place = tuple[str, str]
"""A file without `.py`, and a name in it, or "" for all of it."""

Known = dict[tuple[str, str, frozenset[str]], dict[str, Any]]


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
    module = dependencies.Module(statements)
    bound = {name for statement in statements for name in dependencies.bound_names(statement)}
    names = {name: module.names_of(name) for name in bound}
    return Scope(statements, definitions, names, module.concerns)


def _of_notebook(file: str, reading: Reading, words: Vocabulary) -> Scope:
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


def scope_of(file: str, text: str, statements: list[ast.stmt], words: Vocabulary) -> Scope:
    """Return what a file defines and who depends on what in it."""
    if has_cells(text) or any(dependencies.is_executed(statement) for statement in statements):
        reading = Reading(statements, words)
        if has_cells(text) or reading.answers():
            return _of_notebook(file, reading, words)
    return _of_module(file, run_in_module(statements))


def read_file(file: str, text: str, siblings: frozenset[str], words: Vocabulary) -> dict[str, Any]:
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
    words: Vocabulary,
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
    executed = [s for s in found.statements if imported and dependencies.is_executed(s)]
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
        return side_effects.is_plain(list(statements))
    except Exception:
        return False


def survey(
    sources: Mapping[str, str], words: Vocabulary, known: Known | None = None
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
