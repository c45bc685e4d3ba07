"""Read a submission's syntax trees: what it defines, and where it leaves the course's contract.

Runs in a worker that executes nothing of the submission, because parsing hostile source can crash
an interpreter. Standard library only.
"""

from __future__ import annotations

import ast
import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

IMPORTS = frozenset(
    "__future__ collections collections.abc dataclasses functools itertools math numbers operator "
    "random typing torch torch.nn torch.nn.functional".split()
)
AUTOGRAD = frozenset(
    "autograd backward enable_grad func functorch grad grad_and_value grad_fn hessian jacfwd "
    "jacobian jacrev jvp linearize register_hook requires_grad requires_grad_ retain_grad "
    "set_grad_enabled vjp".split()
)
ESCAPES = frozenset(
    "__builtins__ __import__ breakpoint compile delattr eval exec getattr globals locals setattr "
    "vars".split()
)
HARMLESS = frozenset({"__doc__", "__init__", "__name__", "__version__"})
INTERNALS = frozenset("_C _VF _dynamo _inductor _refs _decomp classes jit library ops".split())

Finding = dict[str, Any]


def blocks(text: str) -> list[tuple[int, str]]:
    """Cut a source that does not parse into top-level blocks: (number of the line before, text).

    A block starts at a line that is not indented and does not continue the one before (`else`,
    `except`, a closing bracket), so that an error in one function leaves the others whole.
    """
    lines = text.splitlines(keepends=True)
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


def parameters_of(node: ast.FunctionDef | ast.Lambda) -> dict[str, list[str]]:
    """Return the parameters of a function: positional, keyword-only, and those without default."""
    spec = node.args
    positional = [argument.arg for argument in (*spec.posonlyargs, *spec.args)]
    required = positional[: len(positional) - len(spec.defaults)]
    keyword = [argument.arg for argument in spec.kwonlyargs]
    defaults = zip(keyword, spec.kw_defaults, strict=True)
    required += [name for name, default in defaults if default is None]
    return {"positional": positional, "keyword": keyword, "required": required}


def functions_of(statement: ast.stmt) -> Iterator[tuple[str, ast.FunctionDef | ast.Lambda, int]]:
    """Yield the functions that a top-level statement binds, with name and line."""
    if isinstance(statement, ast.FunctionDef):
        yield statement.name, statement, statement.lineno
    elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda):
        for target in statement.targets:
            if isinstance(target, ast.Name):
                yield target.id, statement.value, statement.lineno
    elif isinstance(statement, (ast.If, ast.With, ast.Try)):
        for inner in statement.body:
            yield from functions_of(inner)


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


def used_names(statement: ast.AST) -> set[str]:
    """Return every name that a statement reads."""
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def _allowed(module: str, siblings: frozenset[str]) -> bool:
    return module in IMPORTS or module.split(".", maxsplit=1)[0] in siblings


def _reasons(node: ast.AST, siblings: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield (rule, what was found) for one node of a tree."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if not _allowed(alias.name, siblings):
                yield "import", f"import {alias.name}"
    elif isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        if not _allowed(module.lstrip("."), siblings):
            yield "import", f"from {module} import ..."
        for alias in node.names:
            yield from _named(alias.name)
    elif isinstance(node, ast.Attribute):
        yield from _named(node.attr)
    elif isinstance(node, ast.Name) and unicodedata.normalize("NFKC", node.id) in ESCAPES:
        yield "escape", node.id
    elif isinstance(node, ast.MatchClass):
        for attribute in node.kwd_attrs:
            yield from _named(attribute)


def _named(attribute: str) -> Iterator[tuple[str, str]]:
    name = unicodedata.normalize("NFKC", attribute)
    if name in AUTOGRAD:
        yield "autograd", name
    elif name in HARMLESS:
        return
    elif name in INTERNALS or (name.startswith("__") and name.endswith("__")):
        yield "escape", name


REASONS = {
    "autograd": "uses autograd, and the course is about doing without it",
    "import": "imports a module that the exercises do not need",
    "escape": "reaches around what a reader of the code can see",
}


def findings_of(file: str, statement: ast.stmt, siblings: frozenset[str]) -> Iterator[Finding]:
    """Yield every place of a top-level statement that leaves the contract."""
    for node in ast.walk(statement):
        for rule, what in _reasons(node, siblings):
            line = getattr(node, "lineno", statement.lineno)
            code = ast.unparse(statement)
            digest = hashlib.sha256(f"{file}\0{rule}\0{what}\0{code}".encode()).hexdigest()
            yield {
                "id": digest[:10],
                "file": file,
                "line": line,
                "rule": rule,
                "what": what[:200],
                "reason": REASONS[rule],
            }


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
    definitions = [
        {"name": name, "file": file, "line": line, "end": node.end_lineno, **parameters_of(node)}
        for statement in statements
        for name, node, line in functions_of(statement)
    ]
    reach = {name: reached(name, statements) for s in statements for name, _, _ in functions_of(s)}
    findings = []
    for index, statement in enumerate(statements):
        everywhere = not bound_names(statement)
        for finding in findings_of(file, statement, siblings):
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
        key: [entry for file in files for entry in file[key]][:2000]
        for key in ("definitions", "failures", "findings")
    }
