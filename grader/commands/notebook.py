"""Between notebooks and plain files: convert."""

from __future__ import annotations

from pathlib import Path

import click

from grader.commands.basics import explained, stop
from grader.commands.common import check_writable, write
from grader.errors import UnreadableSubmission


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite what is there.")
def convert(source: Path, target: Path, force: bool) -> None:
    """Convert a notebook to a .py file or to a folder of exercises, or either to a notebook.

    A .py file has the notebook's cells in the percent format. Back onto the same notebook, cells
    keep their ids.
    """
    with explained():
        texts = _converted(source, target)
    there = [path for path in texts if path.exists()]
    if there and not force:
        names = ", ".join(map(str, there))
        stop(2, f"{names}: is there already; nothing was written. --force overwrites it")
    for path in texts:
        if path.parent == target:
            _make_folder(target)
        check_writable(str(path))
    for path, text in texts.items():
        write(str(path), text)
        click.echo(f"{path}: written")


def _converted(source: Path, target: Path) -> dict[Path, str]:
    """Return what is to be written where. Raises UnreadableSubmission."""
    from grader.notebook import converting

    forms = _form(source), _form(target)
    if forms == ("notebook", "file"):
        return {target: converting.to_percent(_bytes(source), source.name)}
    if forms == ("file", "notebook"):
        onto = _text(target) if target.is_file() else None
        return {target: converting.to_notebook(_text(source), onto)}
    if forms == ("notebook", "folder"):
        texts = converting.to_folder(_bytes(source), source.name)
        return {target / name: text for name, text in texts.items()}
    if forms == ("folder", "notebook"):
        files = {path.name: _text(path) for path in sorted(source.glob("*.py"))}
        return {target: converting.from_folder(files)}
    stop(2, f"{source} to {target}: one of the two has to be a notebook (.ipynb)")


def _form(path: Path) -> str:
    forms = {".ipynb": "notebook", ".py": "file"}
    return "folder" if path.is_dir() else forms.get(path.suffix.lower(), "folder")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableSubmission(f"{path}: cannot be read: {error.strerror}") from None


def _text(path: Path) -> str:
    try:
        return _bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableSubmission(f"{path}: is not UTF-8: {error.reason}") from None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        stop(2, f"{folder}: cannot be made: {error.strerror}")
