"""Gradescope's autograder: a zip of the grader, its hidden checks, and two scripts at its root.

The scripts are files of their own beside this one: `setup.sh` runs when the image is built,
`run_autograder` for each submission.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

SCRIPTS = Path(__file__).parent
PROJECT = "backprop-ninja"
"""The folder in the zip that the project is in."""

# No solutions and no exercises: grading needs neither, and what is not there cannot leak.
_FILES = ("pyproject.toml", "constraints.txt", "README.md", "LICENSE", "data/names.txt")
_FOLDERS = ("grader", "tests/exercises", "tests/hidden")
_OLDEST = (1980, 1, 1, 0, 0, 0)


class CannotBuild(ValueError):
    """Something to put into the zip is missing, or cannot be put there."""


def build(root: Path, seed: str | None = None, with_bonus: bool = False) -> bytes:
    """Return the zip. root: the project's folder. seed: the same for all submissions; None: each
    grading draws its own. Equal projects and options give equal bytes.

    Raises CannotBuild.
    """
    if seed is not None and (not seed or not seed.isprintable() or seed.startswith("-")):
        raise CannotBuild("--seed: expected printable characters, the first of them no dash")
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("setup.sh", "run_autograder"):
            _add(archive, name, (SCRIPTS / name).read_bytes(), 0o755)
        options = [*(["--seed", seed] if seed else []), *(["--with-bonus"] if with_bonus else [])]
        _add(archive, "options", "".join(f"{option}\n" for option in options).encode())
        for path in _project(root):
            name = f"{PROJECT}/{path.relative_to(root).as_posix()}"
            _add(archive, name, path.read_bytes())
    return written.getvalue()


def _project(root: Path) -> Iterator[Path]:
    for name in _FILES:
        if not (root / name).is_file():
            raise CannotBuild(f"{root / name}: is missing; build from a whole copy of the project")
        yield root / name
    for folder in _FOLDERS:
        if not (root / folder).is_dir():
            raise CannotBuild(f"{root / folder}: is missing; only staff have the hidden checks")
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _add(archive: zipfile.ZipFile, name: str, content: bytes, mode: int = 0o644) -> None:
    entry = zipfile.ZipInfo(name, _OLDEST)
    entry.create_system = 3  # Unix, wherever this runs: only then is the mode read
    entry.external_attr = (0o100000 | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)
