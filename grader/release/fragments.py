"""Fragments of withheld files: the n-grams that must not occur in anything that students get.

A text is a sequence of tokens: names, numbers and single marks, in code, in a comment and in prose
alike. Layout does not matter, and neither does the kind of quotes.

A fragment is NGRAM tokens of a secret statement, comment or docstring, or all of it if it is
shorter and still tells something. Signatures, imports and decorators are left out, as is whatever
stands in the generated stubs as well: students are given that.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from grader.course import catalogue, forward

NGRAM = 10
COARSE, STRIDE = 60, 20
"""Of withheld files that hold no secrets, passages of COARSE + STRIDE tokens are found for certain:
code is alike in many places, passages are not."""

FEWEST = 6
"""So many tokens are told apart from everyday phrases, whatever they are about."""

Tokens = tuple[str, ...]
_TOKEN = re.compile(r"[^\W\d]\w*|\d[\w.]*|[^\s\w]")
DERIVATION = frozenset({"MARGIN", "fmean", "stdev"})
"""What tells how thresholds are found; the rest of that module is everyday code."""

_ARITHMETIC = frozenset("+-*/@")
_DIGITS = re.compile(r"\d+\.\d{4,}")


def tokens_of(text: str) -> Iterator[tuple[str, int]]:
    """Yield the tokens of a text with their line numbers."""
    for number, line in enumerate(text.split("\n"), 1):
        for match in _TOKEN.finditer(line.replace("'", '"')):
            yield match.group(), number


def windows(tokens: list[str], size: int) -> Iterator[Tokens]:
    """Yield every window of a size, in order."""
    return zip(*(tokens[start:] for start in range(size)), strict=False)


@dataclass
class Fragments:
    """Fragments by their length, each with where it comes from: file and line."""

    by_length: dict[int, dict[Tokens, str]] = field(default_factory=dict)

    def add(self, fragment: Iterable[str], origin: str) -> None:
        """Add one fragment."""
        kept = tuple(fragment)
        self.by_length.setdefault(len(kept), {}).setdefault(kept, origin)

    def add_windows(self, tokens: list[str], size: int, origin: str) -> None:
        """Add every window of a size."""
        for window in windows(tokens, size):
            self.add(window, origin)

    def allow(self, text: str) -> None:
        """Drop every fragment that occurs in a text which students are given anyway."""
        tokens = [token for token, _ in tokens_of(text)]
        for size, fragments in self.by_length.items():
            for window in windows(tokens, size):
                fragments.pop(window, None)


def names_of_tensors() -> frozenset[str]:
    """Return the names of all tensors of the course and of their gradients."""
    tensors = {name for e in catalogue.course().exercises for name in forward.tensors_of(e.key)}
    return frozenset(tensors | {f"d{name}" for name in tensors})


def add_secret_code(
    found: Fragments, name: PurePosixPath, source: str, tensors: frozenset[str]
) -> None:
    """Add the fragments of a secret Python file."""
    lines = source.encode().split(b"\n")
    hidden, derives = name.parts[0] == "tests", name.stem == "calibration"
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt) or isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        origin = f"{name}, line {node.lineno}"
        for text in _texts(node, lines):
            tokens = [token for token, _ in tokens_of(text)]
            short = _tells(tokens, tensors) or len(tokens) >= FEWEST
            whole = [tuple(tokens)] if short else []
            for fragment in windows(tokens, NGRAM) if len(tokens) >= NGRAM else whole:
                if not derives or DERIVATION.intersection(fragment):
                    found.add(fragment, origin)
    for text, line in _prose(source, titles_too=not hidden):
        tokens = [token for token, _ in tokens_of(text)]
        if len(tokens) >= NGRAM:
            found.add_windows(tokens, NGRAM, f"{name}, line {line}")
        elif len(tokens) >= FEWEST:
            found.add(tokens, f"{name}, line {line}")


def _tells(tokens: list[str], tensors: frozenset[str]) -> bool:
    """Tell whether a short piece of code is a formula of the course, or a constant."""
    if len(tokens) < 3:
        return False
    named = tensors.intersection(tokens)
    gradients = [name for name in named if name.startswith("d") and name[1:] in tensors]
    constant = tokens[0].isupper() and len(tokens[0]) > 2 and tokens[1] == "="
    return bool(
        (named and _ARITHMETIC.intersection(tokens)) or (gradients and "(" in tokens) or constant
    )


def _texts(node: ast.stmt, lines: list[bytes]) -> Iterator[str]:
    """Yield what a statement itself says, as it is written and in a normal form; not its body."""
    parts: list[ast.stmt | ast.expr | None] = []
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
        parts = [node, node.value]
    elif isinstance(node, ast.Expr):
        parts = [] if isinstance(node.value, ast.Constant) else [node]
    elif isinstance(node, ast.Return):
        parts = [node.value]
    elif isinstance(node, (ast.If, ast.While)):
        parts = [node.test]
    elif isinstance(node, ast.For):
        parts = [node.iter]
    for part in parts:
        if part is not None:
            yield from dict.fromkeys((_written(part, lines), ast.unparse(part)))


def _written(node: ast.stmt | ast.expr, lines: list[bytes]) -> str:
    """Return the source of a node; the offsets in a tree count bytes."""
    kept = lines[node.lineno - 1 : node.end_lineno]
    kept[-1] = kept[-1][: node.end_col_offset]
    kept[0] = kept[0][node.col_offset :]
    return b"\n".join(kept).decode()


def _prose(source: str, *, titles_too: bool) -> Iterator[tuple[str, int]]:
    """Yield comments and docstrings. The titles of hidden checks are known to students: reports
    show them.
    """
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string.lstrip("# "), token.start[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)):
            told = ast.get_docstring(node)
            if told and (titles_too or not getattr(node, "name", "").startswith("test_")):
                yield told, node.body[0].lineno


def add_derivation(found: Fragments, tasks_toml: str) -> None:
    """Add the figures that thresholds were found from, and the comment about them."""
    name = "grader/course/tasks.toml"
    for corpus, entry in tomllib.loads(tasks_toml)["training"]["loss"].items():
        origin = f"{name}, training.loss.{corpus}"
        for figure in map(str, entry["losses"]):
            if _DIGITS.fullmatch(figure) and figure != str(entry["threshold"]):
                found.add([figure], origin)
        for left, right in zip(entry["losses"], entry["losses"][1:], strict=False):
            found.add([str(left), ",", str(right)], origin)
        for point in (entry, *entry.get("curve", ())):
            for key in ("mean", "sd"):
                found.add([key, "=", str(point[key])], origin)
                found.add(['"', key, '"', ":", str(point[key])], origin)
    comment = tasks_toml.partition("\n[training]")[0].rpartition("]\n")[2]
    found.add_windows([t for t, _ in tokens_of(comment.replace("#", ""))], NGRAM, name)


def add_coarse(found: Fragments, name: PurePosixPath, text: str) -> None:
    """Add long n-grams of a file that is withheld because students have no use for it."""
    seen = list(tokens_of(text))
    for start in range(0, len(seen) - COARSE + 1, STRIDE):
        window = (token for token, _ in seen[start : start + COARSE])
        found.add(window, f"{name}, line {seen[start][1]}")
