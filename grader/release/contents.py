"""Which files students get, and which are withheld.

The grader's modules are not listed: a release has those that the student's commands import,
directly or not. What is listed is withheld, and a command that comes to need it fails the build.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from grader import parts

TOP = ("LICENSE", "constraints.txt", "tests/conftest.py", "data/README.md", "data/names.txt")
OPTIONAL = ("docs/notebooks.md",)
FOLDERS = ("tests/exercises",)
README = "docs/student.md"
"""It becomes the README of the release."""

WITHHELD_MODULES = (
    "grader.calibration",
    "grader.laws",
    "grader.mutants",
    "grader.release",
    "grader.audit",
    "grader.cohort",
    *(f"grader.commands.{name}" for name in parts.STAFF),
)
FORMULAS = "grader/course/misconceptions"
WHOLE_PACKAGES = ("grader.course", "grader.sandbox", "grader.notebook")
"""Packages whose modules are found by name or by path as well, not only by import."""

ROOTS = ("grader.cli", *(f"grader.commands.{name}" for name in parts.STUDENT))
SECRET = ("solutions", "tests/hidden", FORMULAS, "grader/calibration.py")
"""Whose every line is secret, beside the losses in tasks.toml."""


class Contradiction(Exception):
    """A project that no release can be made of, and what to change."""


def files(root: Path) -> list[PurePosixPath]:
    """Return what is copied from the project at `root`, sorted; generated files are not in it.

    Raises Contradiction if something is missing, or if a released module needs a withheld one.
    """
    named = [*TOP, *(name for name in OPTIONAL if (root / name).is_file())]
    missing = [name for name in (*named, README) if not (root / name).is_file()]
    if missing:
        raise Contradiction(f"{root}: a release needs {', '.join(missing)}, and there is none")
    found = {PurePosixPath(name) for name in named}
    for folder in FOLDERS:
        found |= {_relative(root, path) for path in _below(root / folder) if path.suffix == ".py"}
    modules = needed(root)
    found |= {_relative(root, path) for path in modules.values()}
    for package in {path.parent for path in modules.values()}:
        found |= {_relative(root, path) for path in _below(package) if path.suffix != ".py"}
    return sorted(name for name in found if not _is_formulas(name))


def withheld(root: Path) -> list[PurePosixPath]:
    """Return the source files of the project that are not in a release, sorted.

    Beside the project's own folders: generated, ignored and hidden ones are nobody's secret.
    """
    released = set(files(root))
    own = (root / name for name in ("grader", "solutions", "tests", "docs/adr"))
    everything = {_relative(root, path) for folder in own for path in _below(folder)}
    kinds = (".py", ".toml", ".md", ".ipynb")
    return sorted(name for name in everything - released if name.suffix in kinds)


def is_secret(name: PurePosixPath) -> bool:
    """Tell whether every line of a withheld file is a secret."""
    return any(str(name) == place or str(name).startswith(f"{place}/") for place in SECRET)


def needed(root: Path) -> dict[str, Path]:
    """Return the modules of the grader that students and their checks need, with their files."""
    waiting = [name for name in ROOTS if _file(root, name)]
    for path in (root / "tests" / "conftest.py", *_below(root / FOLDERS[0])):
        waiting += _imports("", path) if path.suffix == ".py" else ()
    for package in WHOLE_PACKAGES:
        folder = root.joinpath(*package.split("."))
        names = (_relative(root, path) for path in _below(folder) if path.suffix == ".py")
        waiting += [_module(name) for name in names if not _is_formulas(name)]
    found: dict[str, Path] = {}
    while waiting:
        name = waiting.pop()
        file = _file(root, name)
        if file is None or name in found:
            continue
        found[name] = file
        if "." in name:
            waiting.append(name.rpartition(".")[0])
        for other in _imports(name, file):
            if _is_withheld(other) and _file(root, other):
                raise Contradiction(
                    f"{file}: imports {other}, which students must not have; move what both need "
                    "into a module of its own"
                )
            waiting.append(other)
    return found


def _is_formulas(name: PurePosixPath) -> bool:
    return str(name.parent) == FORMULAS and name.name != "__init__.py"


def _is_withheld(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in WITHHELD_MODULES)


def _below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(
            part.startswith((".", "__pycache__")) for part in path.relative_to(folder).parts
        )
        if path.is_file() and not hidden:
            yield path


def _relative(root: Path, path: Path) -> PurePosixPath:
    return PurePosixPath(path.relative_to(root).as_posix())


def _module(name: PurePosixPath) -> str:
    return ".".join(name.with_suffix("").parts).removesuffix(".__init__")


def _file(root: Path, module: str) -> Path | None:
    place = root.joinpath(*module.split("."))
    candidates = (place.with_suffix(".py"), place / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _imports(module: str, path: Path) -> Iterator[str]:
    """Yield the modules that a module names in its import statements, wherever these stand."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                own = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*own, base]).rstrip(".")
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
