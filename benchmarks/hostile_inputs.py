"""Inputs that are made to be slow, large or wrong: what each is, and how it is written to disk."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from grader.course import catalogue

MIB = 1 << 20
Make = Callable[[Path], Path]
"""Writes an input below a folder and returns its path."""

HONEST = "def dprobs(probs, dlogprobs):\n    return dlogprobs / probs\n"


# Submissions whose functions all do the same


def functions(body: str) -> dict[str, str]:
    """Return a file for each exercise, in which every function has this body."""
    return {
        exercise.file: "\n".join(
            f"def {task.name}():\n    {body}\n"
            for task in catalogue.course().of_exercise(exercise.key)
        )
        for exercise in catalogue.course().exercises
    }


def folder(files: Mapping[str, str]) -> Make:
    """Write a folder of sources."""

    def make(place: Path) -> Path:
        (place / "work").mkdir()
        for name, text in files.items():
            (place / "work" / name).write_text(text)
        return place / "work"

    return make


def notebook(sources: list[str], **more: object) -> bytes:
    """Return a notebook of code cells as JSON."""
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "outputs": [], "source": source}
        for n, source in enumerate(sources)
    ]
    return json.dumps({"nbformat": 4, "metadata": {}, **more, "cells": cells}).encode()


def ipynb(content: Callable[[], bytes]) -> Make:
    """Write a file that claims to be a notebook."""

    def make(place: Path) -> Path:
        (place / "work.ipynb").write_bytes(content())
        return place / "work.ipynb"

    return make


def in_cells(body: str, filler: str = "") -> Make:
    """Write a notebook in which every function of exercise 1 has this body."""
    names = [task.name for task in catalogue.course().of_exercise("ex1")]
    return ipynb(lambda: notebook([filler, *(f"def {n}():\n    {body}\n" for n in names)]))


# Archives


def zipped(members: Callable[[], Iterator[tuple[str, bytes]]], kind: int) -> Make:
    """Write a zip archive."""

    def make(place: Path) -> Path:
        with zipfile.ZipFile(place / "work.zip", "w", kind, compresslevel=1) as archive:
            for name, content in members():
                archive.writestr(name, content)
        return place / "work.zip"

    return make


def directory_alone(place: Path) -> Path:
    """Write a zip whose directory of 60 MiB lists a file over and over."""
    with zipfile.ZipFile(place / "one.zip", "w") as archive:
        archive.writestr("a", b"")
    raw = (place / "one.zip").read_bytes()
    start, end = raw.index(b"PK\1\2"), raw.index(b"PK\5\6")
    count = 60 * MIB // (end - start)
    tail = bytearray(raw[end:])
    tail[8:12] = (count & 0xFFFF).to_bytes(2, "little") * 2
    tail[12:16] = (count * (end - start)).to_bytes(4, "little")
    (place / "work.zip").write_bytes(raw[:start] + raw[start:end] * count + tail)
    return place / "work.zip"


def tarred(headers: Callable[[], bytes], kind: bytes = tarfile.XHDTYPE) -> Make:
    """Write a tar archive whose first member has an extended header with this content."""

    def make(place: Path) -> Path:
        content = headers()
        info = tarfile.TarInfo("header")
        info.size, info.type = len(content), kind
        honest = tarfile.TarInfo("ex1_backward.py")
        honest.size = len(HONEST)
        blocks = [info.tobuf(tarfile.GNU_FORMAT), content, bytes(-len(content) % 512)]
        blocks += [honest.tobuf(tarfile.GNU_FORMAT), HONEST.encode()]
        blocks += [bytes(-len(HONEST) % 512), bytes(1024)]
        (place / "work.tar").write_bytes(b"".join(blocks))
        return place / "work.tar"

    return make


def sparse(place: Path) -> Path:
    """Write a tar.gz whose only file has a map of 30 million holes."""
    info = tarfile.TarInfo("ex1_backward.py")
    info.size = 60 * MIB
    info.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "ex1_backward.py",
        "GNU.sparse.realsize": "1",
    }
    with tarfile.open(place / "work.tar.gz", "w:gz", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(b"60000000\n" + b"1\n" * (30 * MIB)))
    return place / "work.tar.gz"


def large_members(place: Path) -> Path:
    """Write a tar.gz of zeros: many members that are no sources."""
    with tarfile.open(place / "work.tar.gz", "w:gz") as archive:
        for number in range(40):
            info = tarfile.TarInfo(f"data{number}.bin")
            info.size = 100 * MIB
            archive.addfile(info, io.BytesIO(bytes(info.size)))
    return place / "work.tar.gz"


def many_files(place: Path) -> Path:
    """Write a folder of very many files that are no sources."""
    (place / "work").mkdir()
    for number in range(50_000):
        (place / "work" / f"{number}.txt").touch()
    (place / "work" / "ex1_backward.py").write_text(HONEST)
    return place / "work"


def big_outputs() -> bytes:
    """Return a notebook of 200 MiB, nearly all of it outputs."""
    return notebook([HONEST]).replace(
        b'"outputs": []', b'"outputs": ["' + b"x" * (200 * MIB) + b'"]'
    )


def long_line(line: str) -> Make:
    """Write a notebook with a line of a megabyte."""
    return ipynb(lambda: notebook([(line * MIB)[: MIB - 100], HONEST]))


def places(name: str) -> str:
    """Return a statement that raises a message full of places."""
    return f"raise ValueError('{name}, line 400000 ' * 200)"


_FILLER = "#\n" * 500_000
_KEYS = ", ".join(f'"key{n}": 0' for n in range(17_000))
_DUPLICATED = f'{{"nbformat": 4, "cells": [], {_KEYS}, "again": 0, "again": 0}}'

READ: dict[str, Make] = {
    "duplicate keys, 250 kB": ipynb(_DUPLICATED.encode),
    "duplicate keys, 14 MB": ipynb(
        lambda: (
            b'{"nbformat": 4, "cells": ['
            + b", ".join(b'{"a%d": 0}' % n for n in range(9))
            + b"], "
            + b", ".join(b'"key%d": 0' % n for n in range(900_000))
            + b', "z": 0, "z": 0}'
        )
    ),
    "4 million lists": ipynb(lambda: b'{"nbformat": 4, "x": [' + b"[]," * 3_900_000 + b"0]}"),
    "7 million numbers": ipynb(lambda: b'{"nbformat": 4, "x": [' + b"1," * 7_000_000 + b"0]}"),
    "a number of a million digits": ipynb(lambda: b'{"nbformat": ' + b"9" * MIB + b"}"),
    "a text without an end": ipynb(lambda: b'{"nbformat": 4, "x": "' + b'\\"' * (60 * MIB)),
    "outputs of 200 MiB": ipynb(big_outputs),
    "10,000 cells": ipynb(lambda: notebook([HONEST, *(["x = 1\n"] * 9_990)])),
    "a line of hashes": long_line("# "),
    "a line of blanks": long_line(" "),
    "a line of question marks": long_line("?"),
    "a line of quotes": long_line('\'"\'"""'),
    "a line of percent signs": long_line("%"),
    "zip of 10 notebooks of 200 MiB": zipped(
        lambda: ((f"n{n}.ipynb", big_outputs()) for n in range(10)), zipfile.ZIP_DEFLATED
    ),
    "zip with a directory of 60 MiB": directory_alone,
    "zip of 5,000 folders": zipped(
        lambda: ((f"d{n}/x.py", b"x = 1\n") for n in range(4_990)), zipfile.ZIP_DEFLATED
    ),
    "zip with names of 60,000 letters": zipped(
        lambda: (("a" * 60_000 + f"{n}/x.py", b"x = 1\n") for n in range(400)), zipfile.ZIP_STORED
    ),
    "zip with folders 20,000 deep": zipped(
        lambda: (("a/" * 20_000 + f"{n}.py", b"x = 1\n") for n in range(400)), zipfile.ZIP_STORED
    ),
    "zip with a bomb of bzip2": zipped(
        lambda: iter([("ex1_backward.py", bytes(1024 * MIB))]), zipfile.ZIP_BZIP2
    ),
    "zip with a bomb of lzma": zipped(
        lambda: iter([("ex1_backward.py", bytes(1024 * MIB))]), zipfile.ZIP_LZMA
    ),
    "tar with a header of digits": tarred(lambda: b"1" * (300 << 10)),
    "tar with a header of records": tarred(lambda: b"2 " * (500 << 10) + b"="),
    "tar with a map of holes": sparse,
    "tar of 4 GB of zeros": large_members,
    "folder of 50,000 files": many_files,
}
"""Inputs that are only read."""

GRADED: dict[str, Make] = {
    "place with 5,000 digits": in_cells("raise ValueError('work.ipynb, line ' + '9' * 5000)"),
    "messages full of places": in_cells(places("work.ipynb"), _FILLER),
    "messages full of places, in a text of 5,000 cells": in_cells(
        places("work.ipynb"), "# %% cell 1\n" * 80_000
    ),
    "prints of NUL": folder(functions("print(chr(0) * 70_000); raise ValueError")),
    "prints of markup": folder(functions("print('<' * 70_000); raise ValueError")),
    "prints that are no text": folder(
        functions("import sys; sys.stdout.buffer.write(b'\\xff' * 70_000); raise ValueError")
    ),
    "prints of colours": folder(functions("print('\\x1b[' * 40_000); raise ValueError")),
    "messages of NUL": folder(functions("raise ValueError(chr(0) * 9_000)")),
    "messages of words": folder(functions("raise ValueError('word ' * 9_000)")),
    "messages of addresses": folder(functions("raise ValueError('0x' * 9_000)")),
    "messages that turn around": folder(functions("raise ValueError(chr(0x202e) * 9_000)")),
    "numbers of 4,000 digits": folder(functions("return 10 ** 4_000")),
    "wrong answers, all drawn": folder(
        functions("import torch; return torch.arange(2000.).reshape(2, 1000)")
    ),
    "4,000 functions": folder(
        {"ex1_backward.py": "".join(f"def f{n}(): 0\n" for n in range(4000))}
    ),
    "300 findings": folder(
        {"ex1_backward.py": "def dprobs():\n" + "    x.backward()\n" * 400 + "    return 1\n"}
    ),
    "notebook of syntax errors": in_cells("raise ValueError", "def (:\n\n" * 300),
}
"""Inputs that are read, graded and shown to people and programs."""
