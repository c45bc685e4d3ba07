"""The leak scan finds whatever of a withheld file occurs in a released one.

Archives are opened, notebooks and other JSON are read cell by cell and text by text, and code is
looked at with and without its comments. Beside n-grams it compares whole functions after their
names were normalised, so that a solution with other names is found, too.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import tokenize
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader import sync
from grader.course import catalogue
from grader.release import contents, fragments
from grader.release.fragments import Fragments, tokens_of, windows
from grader.sandbox.guest.source import fingerprints

ALLOWED = Path(__file__).with_name("allowed.txt")
DEEPEST = 4
"""How many archives inside each other are opened."""

SMALLEST = 30
"""Syntax nodes that a function must have for its shape alone to give it away."""

_PACKED = {b"\x1f\x8b": gzip.decompress, b"BZh": bz2.decompress, b"\xfd7zXZ": lzma.decompress}


@dataclass(frozen=True)
class Leak:
    """Something of a withheld file (`origin`) in a released one: where, and what they share."""

    file: str
    line: int
    shared: str
    origin: str

    def __str__(self) -> str:
        """Return the leak as one line."""
        return f"{self.file}, line {self.line}: '{self.shared}' is from {self.origin}"


@dataclass(frozen=True)
class Secrets:
    """What to look for: fragments, and normalised functions with where they come from."""

    fragments: Fragments
    functions: dict[str, str]


def secrets_of(root: Path) -> Secrets:
    """Return what must not leave the project at `root`."""
    found = Fragments()
    functions: dict[str, str] = {}
    tensors = fragments.names_of_tensors()
    # What two files share is told to be of the solutions.
    for name in sorted(contents.withheld(root), key=lambda n: n.parts[0] != "solutions"):
        text = (root / name).read_text(encoding="utf-8")
        if contents.is_secret(name) and name.suffix == ".py":
            fragments.add_secret_code(found, name, text, tensors)
            for function in fingerprints.of_file(str(name), text):
                if function["size"] >= SMALLEST:
                    functions[function["digest"]] = f"{name}, line {function['line']}"
        else:
            fragments.add_coarse(found, name, text)
    fragments.add_derivation(found, catalogue.TASKS_TOML.read_text(encoding="utf-8"))
    for exercise in catalogue.course().exercises:
        source = (root / "solutions" / exercise.file).read_text(encoding="utf-8")
        found.allow(sync.stubs(exercise, source))
    for phrase in ALLOWED.read_text(encoding="utf-8").split("\n"):
        if not phrase.startswith("#"):
            found.allow(phrase)
    return Secrets(found, functions)


def folder(place: Path, secrets: Secrets) -> list[Leak]:
    """Return every leak in the files below a folder, at most one a line."""
    leaks = []
    for path in sorted(place.rglob("*")):
        if path.is_file():
            leaks += data(path.relative_to(place).as_posix(), path.read_bytes(), secrets)
    return leaks


def data(name: str, content: bytes, secrets: Secrets, depth: int = 0) -> list[Leak]:
    """Return the leaks in a file's content: of each line the longest one."""
    leaks: dict[tuple[str, int], Leak] = {}

    def keep(leak: Leak) -> None:
        place = (leak.file, leak.line)
        if place not in leaks or len(leaks[place].shared) < len(leak.shared):
            leaks[place] = leak

    if depth < DEEPEST:
        for member, inner in _members(name, content):
            for leak in data(member, inner, secrets, depth + 1):
                keep(leak)
    for label, text, is_code in _texts(name, content.decode("utf-8", "replace")):
        for leak in _shared(label, text, secrets):
            keep(leak)
        for leak in _alike(label, text, secrets) if is_code else ():
            keep(leak)
    return list(leaks.values())


def _members(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what is packed in a content, whatever its file is called."""
    stream = io.BytesIO(content)
    if zipfile.is_zipfile(stream):
        with zipfile.ZipFile(stream) as archive:
            for member in archive.infolist():
                if not member.is_dir():
                    yield f"{name}/{member.filename}", archive.read(member)
        return
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            for entry in tar:
                packed = tar.extractfile(entry)
                if packed is not None:
                    yield f"{name}/{entry.name}", packed.read()
    except tarfile.TarError:
        for magic, unpack in _PACKED.items():
            if content.startswith(magic):
                yield f"{name} (unpacked)", unpack(content)


def _texts(name: str, text: str) -> Iterator[tuple[str, str, bool]]:
    """Yield the texts of a file, and whether they are code: itself, without comments if it is code,
    and JSON text by text.
    """
    is_code = name.endswith(".py")
    yield name, text, is_code
    if is_code:
        yield name, _without_comments(text), False
    elif text.lstrip()[:1] in ("{", "["):
        try:
            plain = json.loads(text)
        except ValueError:
            return
        cells = plain.get("cells") if isinstance(plain, dict) else None
        for number, cell in enumerate(cells if isinstance(cells, list) else (), 1):
            source = cell.get("source", "") if isinstance(cell, dict) else ""
            joined = "".join(map(str, source)) if isinstance(source, list) else str(source)
            yield f"{name}, cell {number}", joined, True
            yield f"{name}, cell {number}", _without_comments(joined), False
        for leaf in _leaves(plain):
            yield f"{name} (a text in it)", leaf, False


def _leaves(plain: object) -> Iterator[str]:
    waiting = [plain]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value


def _without_comments(text: str) -> str:
    """Return code with blanks for comments; what is no Python stays as it is."""
    lines = text.split("\n")
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                lines[row - 1] = lines[row - 1][:column]
    except (SyntaxError, tokenize.TokenError):
        return text
    return "\n".join(lines)


def _shared(label: str, text: str, secrets: Secrets) -> Iterator[Leak]:
    seen = list(tokens_of(text))
    words = [token for token, _ in seen]
    for size, known in secrets.fragments.by_length.items():
        for window, (_, line) in zip(windows(words, size), seen, strict=False):
            if window in known:
                yield Leak(label, line, " ".join(window), known[window])


def _alike(label: str, text: str, secrets: Secrets) -> Iterator[Leak]:
    for function in fingerprints.of_file(label, text):
        origin = secrets.functions.get(function["digest"])
        if origin is not None:
            yield Leak(label, function["line"], f"def {function['name']}", origin)
