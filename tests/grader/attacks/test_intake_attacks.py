"""Hostile packages, graded from end to end: refused or passed over, and never executed.

How a package is read has tests of its own. Here each package carries a canary: code that leaves a
file behind if anything executes it outside the jail, be it Python, pytest or an unpacking tool.
"""

# The expected value comes first in a comparison.
# ruff: noqa: SIM300

from __future__ import annotations

import codecs
import gzip
import io
import os
import stat
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from grader.errors import UnreadableSubmission
from grader.grade import grade_one
from grader.options import Options
from grader.report import Report
from grader.submission import MAX_ARCHIVE, Submission, read_for_course

HONEST = "def dprobs(probs, dlogprobs):\n    return dlogprobs / probs\n"
EX1 = "ex1_backward.py"
CANARY = "canary"

Entries = Mapping[str, str | bytes]
Pack = Callable[[Path, Entries], Path]


def hostile(place: Path) -> str:
    """Return code that leaves a mark on the disk, wherever it is executed, and then fails."""
    mark = str(place / CANARY)
    return f"open({mark!r}, 'w').close()\nraise SystemExit('executed')\n"


def as_folder(place: Path, entries: Entries) -> Path:
    """Write entries below a folder."""
    for name, text in entries.items():
        path = place / "work" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return place / "work"


def as_zip(place: Path, entries: Entries) -> Path:
    """Write entries as a zip archive."""
    with zipfile.ZipFile(place / "work.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
    return place / "work.zip"


def as_tar(place: Path, entries: Entries) -> Path:
    """Write entries as a tar archive."""
    with tarfile.open(place / "work.tar.gz", "w:gz") as archive:
        for name, text in entries.items():
            raw = text if isinstance(text, bytes) else text.encode()
            archive.addfile(member(name, len(raw)), io.BytesIO(raw))
    return place / "work.tar.gz"


def member(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    """Return the header of a member of a tar archive."""
    found = tarfile.TarInfo(name)
    found.size, found.type = size, kind
    return found


packings = pytest.mark.parametrize("pack", [as_folder, as_zip, as_tar])


def everything_below(root: Path) -> dict[str, tuple[int, int, int]]:
    """Return mode, size and time of change of all that is below a folder."""
    facts = {path: path.lstat() for path in root.rglob("*")}
    return {str(p): (f.st_mode, f.st_size, f.st_mtime_ns) for p, f in facts.items()}


@pytest.fixture(autouse=True)
def untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is executed, written or imported, whatever a test does with its package.

    The package's own folder is the current one, and the place for temporary files is watched.
    """
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    modules, path = dict(sys.modules), list(sys.path)
    yield
    assert not (tmp_path / CANARY).exists()
    assert [] == list((tmp_path / "temporary").iterdir())
    assert path == sys.path
    ours = {name for name in sys.modules if name not in modules}
    assert not [n for n in ours if str(tmp_path) in str(getattr(sys.modules[n], "__file__", ""))]
    assert all(sys.modules[name] is modules[name] for name in ("torch", "pytest", "random"))


def graded(zygote, path: Path, *tasks: str) -> Report:
    """Grade a package as staff do, and make sure that it is as it was."""
    before = everything_below(path.parent)
    options = Options(seed="attack", tasks=tasks or ("ex1.dprobs",))
    report = grade_one(read_for_course(path), zygote, options)

    assert before == everything_below(path.parent)
    return report


def earned(report: Report) -> dict[str, float]:
    """Return the points of each task that has any."""
    return {task.full_name: task.points for task in report.tasks if task.points}


def refusal(path: Path) -> str:
    """Return the sentence with which a package is refused."""
    before = everything_below(path.parent)
    with pytest.raises(UnreadableSubmission) as caught:
        read_for_course(path)

    assert before == everything_below(path.parent)
    return str(caught.value)


def read_or_refused(path: Path) -> Submission | None:
    """Read a package; return nothing if it is refused, which is as good."""
    try:
        return read_for_course(path)
    except UnreadableSubmission:
        return None


# What is laid beside the exercises


BESIDE = [
    "pytest.py",
    "_pytest.py",
    "grader.py",
    "usercustomize.py",
    "numpy.py",
    "typing.py",
    "functools.py",
    "grader/__init__.py",
    "grader/judge.py",
    "torch/__init__.py",
    "torch/nn/functional.py",
    "tests/conftest.py",
    "tests/hidden/test_gradients.py",
    "tests/exercises/test_gradients.py",
    "tests/hidden/conftest.py",
    "solutions/ex1_backward.py",
    "site-packages/torch/__init__.py",
    "__init__.py",
    "__main__.py",
    "test_canary.py",
]


@packings
@pytest.mark.parametrize("name", BESIDE)
def test_code_beside_the_exercises_is_never_executed(
    tmp_path: Path, zygote, pack: Pack, name: str
) -> None:
    """Modules that would shadow, plug in, or be collected stay text; the exercise is graded."""
    path = pack(tmp_path, {EX1: HONEST, name: hostile(tmp_path)})

    assert {"ex1.dprobs": 1.0} == earned(graded(zygote, path))


SETTINGS: dict[str, str] = {
    "pytest.ini": "[pytest]\naddopts = -p canary --co\npython_files = *.py\n",
    "tox.ini": "[pytest]\naddopts = --ignore=tests\n",
    "setup.cfg": "[tool:pytest]\naddopts = -k nothing\npython_functions = *\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-p canary'\n",
    "canary.pth": "import canary\n",
    ".env": "PYTEST_ADDOPTS=-p canary\n",
    "canary.egg-info/entry_points.txt": "[pytest11]\ncanary = canary\n",
    "Makefile": "all:\n\ttouch canary\n",
    "ex1_backward.pyc": "\x6f\x0d\x0d\x0a",
}


@packings
@pytest.mark.parametrize("name", SETTINGS)
def test_settings_of_a_package_have_no_say(tmp_path: Path, zygote, pack: Pack, name: str) -> None:
    """No configuration, path file or entry point of a package reaches Python or pytest."""
    entries = {EX1: HONEST, name: SETTINGS[name], "canary.py": hostile(tmp_path)}
    path = pack(tmp_path, entries)

    assert {"ex1.dprobs": 1.0} == earned(graded(zygote, path))


def test_the_folder_of_the_package_may_be_the_current_one(
    tmp_path: Path, zygote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's path begins with the current folder only for those who ask for it."""
    trap = hostile(tmp_path)
    names = ("conftest.py", "sitecustomize.py", "torch.py", "random.py", "json.py", "pytest.ini")
    path = as_folder(tmp_path, {EX1: HONEST, **dict.fromkeys(names, trap)})
    monkeypatch.chdir(path)

    assert {"ex1.dprobs": 1.0} == earned(graded(zygote, Path(EX1).absolute().parent))


def test_a_shadow_of_torch_is_named_in_a_note(tmp_path: Path, zygote) -> None:
    """What is passed over is told, so that nobody wonders."""
    path = as_folder(tmp_path, {EX1: HONEST, "torch.py": hostile(tmp_path)})

    notes = graded(zygote, path).submission.notes
    assert ["torch.py: ignored, a submission cannot bring a module of this name"] == notes


@pytest.mark.parametrize("name", ["reader", "wire", "worker", "evidence", "loader", "lockdown"])
def test_a_helper_may_bear_the_name_of_a_part_of_the_worker(
    tmp_path: Path, zygote, name: str
) -> None:
    """A file of the submission is what its import finds, and the worker's own parts are not."""
    caller = (
        f"import {name}\ndef dprobs(probs, dlogprobs):\n    return {name}.ratio(dlogprobs, probs)\n"
    )
    helper = "def ratio(a, b):\n    return a / b\n"
    path = as_folder(tmp_path, {EX1: caller, f"{name}.py": helper})

    assert {"ex1.dprobs": 1.0} == earned(graded(zygote, path))


# Autograd in another file of the package


LENT = (
    "import torch\n\n\ndef lent(probs, dlogprobs):\n    with torch.inference_mode(False):\n"
    "        leaf = torch.nn.Parameter(probs)\n        out = (leaf.log(),), (dlogprobs,)\n"
    "        run = torch.autograd.graph._engine_run_backward\n"
    "        return run(*out, False, False, (leaf,), allow_unreachable=True,"
    " accumulate_grad=False)[0]\n"
)
LENDERS = {
    "a helper": "import helper\n\n\ndef dprobs(probs, dlogprobs):\n"
    "    return helper.lent(probs, dlogprobs)\n",
    "a helper's name": "from helper import lent\n\n\ndef dprobs(probs, dlogprobs):\n"
    "    return lent(probs, dlogprobs)\n",
    "a helper's function itself": "from helper import lent as dprobs\n",
    "a helper that shares": "import torch\nimport helper\n\nhelper.share()\n\n\n"
    "def dprobs(probs, dlogprobs):\n    return torch.neat(probs, dlogprobs)\n",
    "a variable named after a file": "import torch\n\nhelper = torch\ntool = helper.autograd\n"
    "helper = tool.graph\nrun = helper._engine_run_backward\n\n\n"
    "def dprobs(probs, dlogprobs):\n    with torch.inference_mode(False):\n"
    "        leaf = torch.nn.Parameter(probs)\n        out = (leaf.log(),), (dlogprobs,)\n"
    "        return run(*out, False, False, (leaf,), allow_unreachable=True,"
    " accumulate_grad=False)[0]\n",
}


@pytest.mark.parametrize("caller", LENDERS.values(), ids=LENDERS.keys())
def test_autograd_in_another_file_earns_nothing(tmp_path: Path, zygote, caller: str) -> None:
    """What a function borrows from another file of the package is read as its own."""
    helper = LENT + "\n\ndef share():\n    torch.neat = lent\n"
    path = as_folder(tmp_path, {EX1: caller, "helper.py": helper})

    assert {} == earned(graded(zygote, path))


def test_a_clean_helper_costs_nothing(tmp_path: Path, zygote) -> None:
    """Functions of other files are allowed, also where one is called `backward`."""
    helper = "def backward(upstream, x):\n    return upstream / x\n"
    caller = "import helper\n\n\ndef dprobs(probs, dlogprobs):\n"
    path = as_folder(
        tmp_path,
        {EX1: caller + "    return helper.backward(dlogprobs, probs)\n", "helper.py": helper},
    )

    assert {"ex1.dprobs": 1.0} == earned(graded(zygote, path))


# Encodings


def rot13(place: Path) -> str:
    """Return a source that is harmless as it stands and hostile if a cookie is believed."""
    return "# -*- coding: rot13 -*-\n" + codecs.encode(hostile(place), "rot13") + HONEST


def utf7(place: Path) -> str:
    """Return a comment that ends, in UTF-7, with a line of code."""
    trap = hostile(place).splitlines()[0].encode("utf-16-be")
    hidden = codecs.encode(trap, "base64").decode().replace("\n", "").rstrip("=")
    return f"# -*- coding: utf-7 -*-\n# +AAo-+{hidden}-\n" + HONEST


@pytest.mark.parametrize("cookie", ["utf-7", "unicode_escape", "rot13", "latin-1", "no such codec"])
@packings
def test_a_coding_cookie_decodes_nothing(tmp_path: Path, zygote, pack: Pack, cookie: str) -> None:
    """A source is UTF-8 whatever it says, so that a person reads what Python reads."""
    escaped = "# \\u000aopen('canary', 'w').close()\n"
    text = f"# -*- coding: {cookie} -*-\n{escaped}# \u00e9\n{HONEST}"

    assert {"ex1.dprobs": 1.0} == earned(graded(zygote, pack(tmp_path, {EX1: text})))


@pytest.mark.parametrize("encoded", [rot13, utf7])
def test_code_in_an_encoding_is_not_decoded(
    tmp_path: Path, zygote, encoded: Callable[[Path], str]
) -> None:
    """Code that only a cookie would bring to light stays in the dark; the rest is graded."""
    path = as_folder(tmp_path, {EX1: encoded(tmp_path)})

    assert set(earned(graded(zygote, path))) <= {"ex1.dprobs"}


@pytest.mark.parametrize(
    "mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE]
)
@packings
def test_a_mark_of_another_encoding_is_refused(tmp_path: Path, pack: Pack, mark: bytes) -> None:
    """A source that begins as UTF-16 or UTF-32 is refused by name."""
    assert EX1 in refusal(pack(tmp_path, {EX1: mark + HONEST.encode()}))


def test_a_mark_and_a_cookie_that_disagree_are_no_error(tmp_path: Path, zygote) -> None:
    """A byte order mark of UTF-8 wins over a cookie, where Python itself would refuse the file."""
    text = codecs.BOM_UTF8 + b"# -*- coding: utf-7 -*-\n" + HONEST.encode()

    assert {"ex1.dprobs": 1.0} == earned(graded(zygote, as_folder(tmp_path, {EX1: text})))


@pytest.mark.parametrize("separator", ["\u2028", "\x0c", "\x1c", "\x85", "\x0b"])
def test_code_behind_an_odd_line_end_is_a_comment(tmp_path: Path, zygote, separator: str) -> None:
    """What an editor shows on a line of its own is a comment where Python reads a comment."""
    text = f"# innocent{separator}def dprobs(probs): return probs.grad\n{HONEST}"

    assert {"ex1.dprobs": 1.0} == earned(graded(zygote, as_folder(tmp_path, {EX1: text})))


# Archives


def test_a_giant_of_ten_gigabytes_is_not_inflated(tmp_path: Path) -> None:
    """Ten gigabytes of zeros in ten megabytes of zip are refused at the first of them."""
    path = tmp_path / "work.zip"
    piece = bytes(1 << 24)
    packer, packed, checksum, count = zlib.compressobj(1, zlib.DEFLATED, -15), [], 0, 640
    # Compressed once, repeated: a full flush makes the pieces independent of each other.
    packed.append(packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH))
    stream = packed[0] * count + packer.flush()
    name, size = EX1.encode(), len(piece) * count
    extra = struct.pack("<HHQQ", 1, 16, size, len(stream))
    both = 0xFFFFFFFF
    local = struct.pack(
        "<4s5H3L2H", b"PK\3\4", 45, 0, 8, 0, 0, checksum, both, both, len(name), len(extra)
    )
    entry = struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", 45, 45, 0, 8, 0, 0, checksum, both, both, len(name), len(extra),
        0, 0, 0, 0, 0,
    )  # fmt: skip
    begin = len(local) + len(name) + len(extra) + len(stream)
    directory = entry + name + extra
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(directory), begin, 0)
    path.write_bytes(local + name + extra + stream + directory + end)

    assert size > 10e9
    assert path.stat().st_size < MAX_ARCHIVE
    assert f"{path}: '{EX1}' is larger than 1 MiB" == refusal(path)


def test_a_zip_that_lies_about_its_sizes_is_refused(tmp_path: Path) -> None:
    """A directory that promises a few bytes does not make room for many."""
    path = as_zip(tmp_path, {EX1: "#" * 5_000_000})
    raw = bytearray(path.read_bytes())
    for place, offset in ((0, 22), (raw.index(b"PK\1\2"), 24)):
        raw[place + offset : place + offset + 4] = struct.pack("<L", 100)
    path.write_bytes(raw)

    assert str(path) in refusal(path)


def test_bombs_that_overlap_are_refused(tmp_path: Path) -> None:
    """Many entries of a directory that share one compressed body are no more than one entry."""
    path = as_zip(tmp_path, {EX1: "#" * 1_000_000})
    raw = path.read_bytes()
    start, end = raw.index(b"PK\1\2"), raw.index(b"PK\5\6")
    entry, entries = raw[start:end], b""
    for number in range(200):
        entries += entry.replace(EX1.encode(), f"e{number:03}_backward.py"[: len(EX1)].encode())
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 200, 200, len(entries), start, 0)
    path.write_bytes(raw[:start] + entries + tail)

    assert str(path) in refusal(path)


def test_a_hundred_thousand_entries_are_refused(tmp_path: Path) -> None:
    """An archive of empty files is counted before it is read."""
    path = tmp_path / "work.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(EX1, HONEST)
        for number in range(100_000):
            archive.writestr(zipfile.ZipInfo(f"{number}.py"), b"")
    told = refusal(path)
    tar = tmp_path / "work.tar.gz"
    with tarfile.open(tar, "w:gz", compresslevel=1) as packed:
        for number in range(20_000):
            packed.addfile(member(f"{number}.py"))

    assert "has more than 5000 entries" in told
    assert "holds too much" in refusal(tar)


def test_a_tar_of_ten_gigabytes_is_not_read_to_its_end(tmp_path: Path) -> None:
    """What lies between the members counts as well, however well it is compressed."""
    path = tmp_path / "work.tar.gz"
    piece = gzip.compress(bytes(1 << 24), 1)
    with path.open("wb") as file:
        file.write(gzip.compress(member("zeros.bin", 640 << 24).tobuf(tarfile.GNU_FORMAT)))
        for _ in range(640):
            file.write(piece)

    assert path.stat().st_size < MAX_ARCHIVE
    assert "holds too much" in refusal(path)


def test_a_sparse_member_is_refused_or_empty(tmp_path: Path) -> None:
    """A sparse file that is a terabyte long and has no byte is not spelled out."""
    hole = member(EX1, 512, tarfile.GNUTYPE_SPARSE)
    raw = bytearray(hole.tobuf(tarfile.GNU_FORMAT))
    raw[386:410] = b"%011o\0%011o\0" % (0, 0)
    raw[483:495] = (1 << 40).to_bytes(12, "big")
    raw[483] |= 0x80
    raw[148:156] = b"%06o\0 " % (sum(raw[:148]) + 256 + sum(raw[156:512]))
    path = tmp_path / "work.tar"
    path.write_bytes(raw + bytes(10240))

    assert str(path) in refusal(path)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
@pytest.mark.parametrize("target", ["/etc/passwd", "../../etc/passwd", EX1, "."])
def test_a_link_that_a_later_member_goes_through_is_refused(
    tmp_path: Path, kind: bytes, target: str
) -> None:
    """A link to a folder and a file below it are the way out of many unpacking tools."""
    path = tmp_path / "work.tar"
    with tarfile.open(path, "w") as archive:
        link = member("here", 0, kind)
        link.linkname = target
        archive.addfile(link)
        archive.addfile(member("here/ex1_backward.py", len(HONEST)), io.BytesIO(HONEST.encode()))

    assert "is a link or a device" in refusal(path)


@pytest.mark.parametrize(
    "headers",
    [
        {"path": "../../ex1_backward.py"},
        {"path": "/ex1_backward.py"},
        {"linkpath": "/etc/passwd"},
        {"GNU.sparse.realsize": str(1 << 40), "GNU.sparse.name": "../x.py"},
        {"size": str(1 << 60)},
        {"size": "-1"},
        {"size": "many"},
        {"hdrcharset": "BINARY", "path": "\udcff.py"},
        {"mtime": "nan", "path": "ok/../../x.py"},
    ],
    ids=str,
)
def test_pax_headers_move_nothing_out(tmp_path: Path, headers: dict[str, str]) -> None:
    """What an extended header says of a name, a size or a link is checked like the plain one."""
    path = tmp_path / "work.tar"
    first = member(EX1, len(HONEST))
    first.pax_headers = headers
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(first, io.BytesIO(HONEST.encode()))
    found = read_or_refused(path)
    if found is not None:
        assert {EX1} == set(found.files)
        assert HONEST.encode().startswith(found.files[EX1])  # a size that is no number is 0


def test_a_zip_whose_two_directories_differ_is_refused(tmp_path: Path) -> None:
    """A member that has another name where its bytes lie is ambiguous."""
    path = as_zip(tmp_path, {EX1: HONEST})
    raw = path.read_bytes().replace(EX1.encode(), b"../../../../x.py"[: len(EX1)], 1)
    path.write_bytes(raw)

    assert str(path) in refusal(path)


def test_a_mode_of_a_zip_grants_nothing(tmp_path: Path, zygote) -> None:
    """A file that is to be executable, or to run as its owner, is a source like any other."""
    path = tmp_path / "work.zip"
    entry = zipfile.ZipInfo(EX1)
    entry.external_attr = (stat.S_IFREG | 0o6777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, "#!/bin/sh\n" + HONEST)
        archive.writestr("run.sh", "#!/bin/sh\ntouch canary\n")

    assert {"ex1.dprobs": 1.0} == earned(graded(zygote, path))


@pytest.mark.parametrize("twin", ["ex1_backward.PY", "Ex1_Backward.py", "ex1_\u0062ackward.py"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_collide_elsewhere_are_refused(tmp_path: Path, twin: str) -> None:
    """Two members that are one file on another system are not both graded."""
    path = tmp_path / "work.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(EX1, HONEST)
        archive.writestr(twin, hostile(tmp_path))

    assert "twice" in refusal(path)


def test_a_name_that_looks_the_same_is_another_file(tmp_path: Path, zygote) -> None:
    """A composed and a decomposed letter, or a wide one, are other names and no exercise."""
    path = as_zip(
        tmp_path, {EX1: HONEST, "\uff45x1_backward.py": "import torch\nx = torch.autograd\n"}
    )

    assert {"ex1.dprobs": 1.0} == earned(graded(zygote, path))


@pytest.mark.parametrize("nested", ["inner.zip", "inner.tar.gz", "ex1_backward.py.zip"])
def test_an_archive_in_an_archive_stays_closed(tmp_path: Path, zygote, nested: str) -> None:
    """Nothing is unpacked twice, so a bomb of bombs is one small file."""
    inner = gzip.compress(bytes(1 << 26))
    path = as_zip(tmp_path, {EX1: HONEST, nested: inner})

    assert {"ex1.dprobs": 1.0} == earned(graded(zygote, path))


def test_an_archive_that_is_two_kinds_at_once_is_one(tmp_path: Path, zygote) -> None:
    """A tar with a zip at its end is what its name says, whatever the other part holds."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    other = as_zip(tmp_path / "b", {EX1: hostile(tmp_path)}).read_bytes()
    path = tmp_path / "a" / "work.tar"
    with tarfile.open(path, "w") as archive:
        archive.addfile(member(EX1, len(HONEST)), io.BytesIO(HONEST.encode()))
    path.write_bytes(path.read_bytes() + other)

    assert {"ex1.dprobs": 1.0} == earned(graded(zygote, path))


# Folders


def test_a_folder_behind_a_link_is_refused_or_not_followed(tmp_path: Path, zygote) -> None:
    """Another student's folder is not read through a link in one's own."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "helper.py").write_text("def lent(a, b):\n    return a / b\n")
    caller = "import helper\n\n\ndef dprobs(probs, dlogprobs):\n"
    path = as_folder(tmp_path, {EX1: caller + "    return helper.lent(dlogprobs, probs)\n"})
    (path / "helper").symlink_to(tmp_path / "other")
    report = graded(zygote, path)
    (path / "helper.py").symlink_to(tmp_path / "other" / "helper.py")

    assert {} == earned(report)
    assert "is not a regular file" in refusal(path)


def test_a_hard_link_to_a_secret_is_only_bytes(tmp_path: Path) -> None:
    """A hard link is a file of the folder: what it holds is text, or the package is refused."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"\xff\x00 secret")
    path = as_folder(tmp_path, {EX1: HONEST})
    os.link(secret, path / "helper.py")

    assert "is not UTF-8" in refusal(path)


def test_special_files_in_a_folder_are_never_opened(tmp_path: Path, zygote) -> None:
    """Pipes and sockets that are no sources are passed over without waiting for them."""
    path = as_folder(tmp_path, {EX1: HONEST})
    for name in ("pytest.ini", "conftest", "data.csv"):
        os.mkfifo(path / name)

    assert {"ex1.dprobs": 1.0} == earned(graded(zygote, path))
    os.mkfifo(path / "conftest.py")
    assert "is not a regular file" in refusal(path)


def test_a_file_that_vanishes_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is deleted between the listing and the reading is told, not raised."""
    path = as_folder(tmp_path, {EX1: HONEST, "helper.py": ""})
    opened = os.open

    def vanishing(path, *given, **named):
        if Path(path).name == "helper.py":
            Path(path).unlink(missing_ok=True)
        return opened(path, *given, **named)

    monkeypatch.setattr(os, "open", vanishing)
    with pytest.raises(UnreadableSubmission, match="cannot be read"):
        read_for_course(path)


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="the system has no such flag")
def test_a_file_that_turns_into_a_link_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking at a file and opening it, it may have become a link to another's work."""
    secret = tmp_path / "secret.py"
    secret.write_text("SECRET = 1\n")
    path = as_folder(tmp_path, {EX1: HONEST})
    looked = Path.lstat

    def swapping(self: Path):
        found = looked(self)
        if self.name == EX1 and not stat.S_ISLNK(found.st_mode):
            self.unlink()
            self.symlink_to(secret)
        return found

    monkeypatch.setattr(Path, "lstat", swapping)
    with pytest.raises(UnreadableSubmission):
        read_for_course(path)


def test_folders_without_end_are_refused_or_cut(tmp_path: Path) -> None:
    """Folders in folders, deeper than a path may be long, do not break the reader."""
    path = as_folder(tmp_path, {EX1: HONEST})
    here = os.open(path, os.O_RDONLY)
    name = "d" * 200
    for _ in range(40):
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    found = read_or_refused(path)
    if found is not None:
        assert {EX1: HONEST.encode()} == found.files
