"""Stand-ins for modules that a submission imports and that are not there when it is graded.

They are for drawing, logging and showing, which no gradient depends on: whatever is asked of a
stand-in returns quietly, a decorator returns the function, and a progress bar yields what it is
given. A number cannot be had from one: then the error says which module is not there. Standard
library only.
"""

from __future__ import annotations

import ast
import contextlib
import dis
import functools
import importlib.abc
import importlib.machinery
import io
import logging
import operator
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from .source import guard
from .source.parse import parse

BARS = frozenset("alive_it master_bar progress_bar tqdm tqdm_notebook track".split())
"""Functions of several packages that yield what they are given, and show how far they are."""

ARITHMETIC = (
    "add and floordiv ge gt le lshift lt matmul mod mul or pow radd rand rfloordiv rlshift rmatmul "
    "rmod rmul ror rpow rrshift rshift rsub rtruediv rxor sub truediv xor neg pos abs invert"
)


class Absent:
    """Something of a module that is not there. name: that of the module and of what was asked."""

    def __init__(self, name: str) -> None:
        vars(self)["_name"] = name

    def __getattr__(self, name: str) -> Any:
        """Return another stand-in, or what stands in for a progress bar."""
        if name.startswith("__"):
            raise AttributeError(name)
        if name in BARS:
            return Bar
        return _counting if name == "trange" else Absent(f"{vars(self)['_name']}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return a stand-in, or the function that is decorated."""
        decorates = len(args) == 1 and not kwargs and isinstance(args[0], types.FunctionType)
        return args[0] if decorates else self

    def __iter__(self) -> Iterator[Absent]:
        """Yield nothing, or as many stand-ins as are unpacked: `figure, axes = plt.subplots()`."""
        return iter([self] * _unpacked(sys._getframe(1)))

    def __enter__(self) -> Absent:
        return self

    def __exit__(self, *exc: object) -> None:
        """Let exceptions pass."""

    def __getitem__(self, key: object) -> Absent:
        return self

    def __setitem__(self, key: object, value: object) -> None:
        """Keep nothing."""

    def __setattr__(self, name: str, value: object) -> None:
        """Keep nothing."""

    def __bool__(self) -> bool:
        return False

    def __instancecheck__(self, instance: object) -> bool:
        return False

    def __mro_entries__(self, bases: object) -> tuple[type, ...]:
        return ()

    def __repr__(self) -> str:
        return f"<{told(self)}>"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def _number(self, *args: object) -> Any:
        raise TypeError(told(self))

    __float__ = __int__ = __index__ = __complex__ = _number

    def __len__(self) -> int:
        raise TypeError(told(self))

    def _quiet(self, *args: object) -> Absent:
        return self


for _word in ARITHMETIC.split():
    setattr(Absent, f"__{_word}__", Absent._quiet)


def told(absent: Absent) -> str:
    """Return in a sentence that something is not there."""
    return f"{vars(absent)['_name'][:100]} is not there when this is graded"


def _unpacked(frame: types.FrameType) -> int:
    """Return into how many names the frame unpacks at its current instruction."""
    code = frame.f_code.co_code[frame.f_lasti : frame.f_lasti + 2]
    return code[1] if dis.opname[code[0]] == "UNPACK_SEQUENCE" else 0


class _Bars(type):
    """Lets what belongs to all progress bars return quietly, too: `tqdm.write(...)`."""

    def __getattr__(cls, name: str) -> Any:
        return getattr(Absent("the progress bar"), name)


class Bar(Absent, metaclass=_Bars):
    """Stands in for a progress bar: it yields what it is given."""

    def __init__(self, iterable: Iterable[Any] = (), *args: object, **kwargs: object) -> None:
        super().__init__("the progress bar")
        vars(self)["_of"] = iterable

    def __iter__(self) -> Iterator[Any]:
        return iter(vars(self)["_of"])

    def __len__(self) -> int:
        return operator.length_hint(vars(self)["_of"])


def _counting(*args: int, **kwargs: object) -> Bar:
    return Bar(range(*args))


class AbsentModule(types.ModuleType):
    """Stands in for a module."""

    def __getattr__(self, name: str) -> Any:
        """Return a stand-in for anything in it."""
        return getattr(Absent(self.__name__), name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what a stand-in returns: some import a module and call it."""
        return Absent(self.__name__)(*args, **kwargs)


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a stand-in for whatever files of a submission import and nobody else has found.

    Who can do without a module is told that it is not there: a library that asks for it, and a file
    that asks for it in a `try`.
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:
        """Find a stand-in if it is a file of the submission that asks."""
        frame: types.FrameType | None = sys._getframe(1)
        while frame and str(frame.f_globals.get("__name__")).startswith("importlib"):
            frame = frame.f_back
        text = self._sources.get(frame.f_code.co_filename) if frame else None
        if frame is None or text is None or frame.f_lineno in _tried(text):
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """Return the stand-in."""
        return AbsentModule(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Leave it as it is."""


@functools.lru_cache(maxsize=100)
def _tried(text: str) -> set[int]:
    """Return the lines of a source whose imports may fail: those in the body of a `try`."""
    nodes = (node for statement in parse("", text)[0] for node in ast.walk(statement))
    tries = (node for node in nodes if isinstance(node, ast.Try) and node.handlers)
    return {
        inner.lineno
        for node in tries
        for statement in node.body
        for inner in ast.walk(statement)
        if isinstance(inner, (ast.Import, ast.ImportFrom))
    }


class Nowhere(io.TextIOBase):
    """A stream that keeps nothing."""

    def write(self, text: str) -> int:
        """Take a text."""
        return len(text)


def log_nowhere() -> None:
    """Let handlers that log into files do without the files."""

    def without_file(self: Any, *args: object, **kwargs: object) -> None:
        logging.StreamHandler.__init__(self, Nowhere())

    logging.FileHandler.__init__ = without_file  # type: ignore[method-assign]


def install(sources: Mapping[str, str]) -> Callable[[], None]:
    """Let files of a submission import what is not there; return what undoes that."""
    finder = Finder(sources)
    last = sys.meta_path.index(guard.MISSING) if guard.MISSING in sys.meta_path else None
    sys.meta_path.insert(len(sys.meta_path) if last is None else last, finder)

    def uninstall() -> None:
        sys.meta_path.remove(finder)
        for name, module in list(sys.modules.items()):
            if isinstance(module, AbsentModule):
                del sys.modules[name]

    return uninstall


@contextlib.contextmanager
def installed(sources: Mapping[str, str]) -> Iterator[None]:
    """Let files of a submission import what is not there, for as long as a block lasts."""
    uninstall = install(sources)
    try:
        yield
    finally:
        uninstall()
