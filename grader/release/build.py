"""Build the student's distribution: all of it, and free of leaks, or nothing at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader import __version__, sketches, sync
from grader.course import recorded
from grader.options import ROOT
from grader.release import contents, record, redact, scan
from grader.release.scan import Leak

MANIFEST = "release.json"
"""Marks a folder as a release, which `force` may therefore replace."""

ZIP_TIME = (1980, 1, 1, 0, 0, 0)
FILE_MODE, FOLDER_MODE = 0o644, 0o755


class Refused(Exception):
    """A place that a release is not written to, and what to do."""


class Leaked(Exception):
    """A release that was not made, because something withheld is in it: `leaks`."""

    def __init__(self, leaks: list[Leak]) -> None:
        super().__init__(f"{len(leaks)} leaks")
        self.leaks = leaks


def build(out: Path, *, zipped: bool = False, force: bool = False, root: Path = ROOT) -> list[Path]:
    """Write the release of the project at `root` to the folder `out`, and return what was made.

    zipped: also beside it, as an archive with the same bytes for the same project. Raises Refused
    if something is in the way, Leaked if the scan finds anything; then nothing has changed.
    """
    out = Path(os.path.abspath(out))
    archive = out.with_name(f"{out.name}.zip")
    _check(out, archive if zipped else None, force, root)
    out.parent.mkdir(parents=True, exist_ok=True)
    with _staging(out) as staging:
        tree = staging / "release"
        for name, content in sorted(texts(root).items()):
            path = tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        leaks = scan.folder(tree, scan.secrets_of(root))
        if leaks:
            raise Leaked(leaks)
        if zipped:
            pack(tree, staging / "release.zip", out.name)
        _make_plain(tree)
        _put(tree, out, staging)
        if zipped:
            (staging / "release.zip").replace(archive)
    return [out, archive] if zipped else [out]


def texts(root: Path) -> dict[str, bytes]:
    """Return every file of a release by name, the manifest included."""
    found = {}
    for name in contents.files(root):
        content = (root / name).read_bytes()
        if name.suffix in (".py", ".toml"):
            content = redact.for_students(str(name), content.decode()).encode()
        found[str(name)] = content
    found["README.md"] = (root / contents.README).read_bytes()
    pyproject = (root / "pyproject.toml").read_text(encoding="utf-8")
    found["pyproject.toml"] = redact.for_students("pyproject.toml", pyproject).encode()
    for path, text in sync.generated(root).items():
        # As they are generated: nobody's own answers are in them.
        if path.parent == root / "exercises":
            found[f"exercises/{path.name}"] = text.encode()
    found[f"grader/course/{recorded.ANSWERS.name}"] = record.answers().encode()
    found[f"grader/course/{sketches.FILE.name}"] = record.wrong_results().encode()
    digests = {name: hashlib.sha256(found[name]).hexdigest() for name in sorted(found)}
    manifest = {"grader": __version__, "sha256": digests}
    return {**found, MANIFEST: f"{json.dumps(manifest, indent=1)}\n".encode()}


def pack(tree: Path, archive: Path, name: str) -> None:
    """Write a folder as a zip: sorted, without the times and owners of this machine."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path in sorted(path for path in tree.rglob("*") if path.is_file()):
            member = zipfile.ZipInfo(f"{name}/{path.relative_to(tree).as_posix()}", ZIP_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system, member.external_attr = 3, FILE_MODE << 16
            file.writestr(member, path.read_bytes())


def _check(out: Path, archive: Path | None, force: bool, root: Path) -> None:
    """Refuse places where a release would be in the way of something."""
    if root == out or out in root.parents:
        raise Refused(f"{out}: the project itself is in there; name another folder with --out")
    if archive is not None and archive.exists() and not force:
        raise Refused(f"{archive}: exists; name another folder, or replace it with --force")
    if not os.path.lexists(out):
        return
    if out.is_symlink() or not out.is_dir():
        raise Refused(f"{out}: is not a folder; name another one with --out")
    if any(out.iterdir()) and not force:
        raise Refused(f"{out}: is not empty; name another folder, or replace it with --force")
    if any(out.iterdir()) and not (out / MANIFEST).is_file():
        raise Refused(f"{out}: holds something that is no release; --force replaces releases only")


@contextmanager
def _staging(out: Path) -> Iterator[Path]:
    """Yield a folder beside `out`, gone afterwards whatever happens."""
    staging = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _make_plain(tree: Path) -> None:
    """Give files and folders the same permissions, whatever the umask is."""
    tree.chmod(FOLDER_MODE)
    for path in tree.rglob("*"):
        path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)


def _put(tree: Path, out: Path, staging: Path) -> None:
    """Put a finished tree in its place; if that fails, what was there stays there."""
    before = staging / "before"
    had_one = out.exists()
    if had_one:
        out.rename(before)
    try:
        tree.rename(out)
    except OSError:
        if had_one:
            before.rename(out)
        raise
