"""Run the files of a submission: from memory, statement by statement.

A statement that fails does not take the others with it, and neither does a function that does not
parse: one mistake costs one task.
"""

from __future__ import annotations
import __future__

import ast
import importlib.abc
import importlib.machinery
import linecache
import sys
import traceback
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .source import guard
from .source.parse import parse, run_in_module

MAX_FRAMES, MAX_MESSAGE = 6000, 2000
"""Characters of a traceback: of the innermost frames the last, and of the message the first."""

Failure = dict[str, Any]


class Siblings(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Lets one file of a submission import another. The files are in memory only."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = {name.removesuffix(".py"): name for name in sources}
        self._texts = sources

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:
        """Find `name` if it is a file of the submission; a leading package name is ignored."""
        if name in self._sources:
            return importlib.machinery.ModuleSpec(name, self)
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        """Run the file in the module's namespace."""
        file = self._sources[module.__name__]
        run_statements(file, self._texts[file], vars(module))


def failure(error: BaseException, files: Sequence[str]) -> Failure:
    """Describe an exception as plain data, with frames of the submission only."""
    try:
        told = traceback.TracebackException.from_exception(error, limit=-40, lookup_lines=False)
        frames = [frame for frame in told.stack if frame.filename in files]
        where = "".join(traceback.format_list(frames))[-MAX_FRAMES:]
        text = where + "".join(told.format_exception_only())[:MAX_MESSAGE]
        line = frames[-1].lineno if frames else getattr(error, "lineno", None)
        file = frames[-1].filename if frames else getattr(error, "filename", None)
        message = str(error)
    except BaseException:  # an exception can be made so that it cannot be described
        text, line, file, message = "", None, None, "an exception that cannot be described"
    return {
        "type": type(error).__name__[:200],
        "message": message[:MAX_MESSAGE],
        "traceback": text,
        "line": line if type(line) is int else None,
        "file": file if type(file) is str else None,
    }


def run_statements(
    file: str,
    text: str,
    namespace: dict[str, Any],
    after: Callable[[ast.stmt], None] | None = None,
) -> list[Failure]:
    """Run a source statement by statement: one that fails does not take the others with it."""
    remember(file, text)
    statements, failures = parse(file, text)
    return failures + run_parsed(file, run_in_module(statements), namespace, after)


def remember(file: str, text: str) -> None:
    """Let tracebacks show the lines of a source."""
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)


def forget_warnings(files: Iterable[str]) -> None:
    """Let Python tell its warnings about these files again: it tells each place once."""
    for file in files:
        module = sys.modules.get(file.removesuffix(".py"))
        vars(module or types.ModuleType("")).pop("__warningregistry__", None)


def compiled(file: str, statement: ast.stmt) -> Any:
    """Compile one statement. Raises SyntaxError for a `return` outside a function and the like.

    Annotations are kept as texts. From Python 3.14 on they are not evaluated either, unless
    somebody asks for them.
    """
    flags = __future__.annotations.compiler_flag
    with guard.room():
        return compile(ast.Module([statement], []), file, "exec", flags=flags, dont_inherit=True)


def run_parsed(
    file: str,
    statements: Sequence[ast.stmt],
    namespace: dict[str, Any],
    after: Callable[[ast.stmt], None] | None = None,
) -> list[Failure]:
    """Run statements of a file one by one; return what failed."""
    failures = []
    for statement in statements:
        try:
            exec(compiled(file, statement), namespace)
        except Exception as error:
            found = failure(error, [file])
            found["line"] = found["line"] or statement.lineno
            failures.append(found)
        if after is not None:
            after(statement)
    return failures
