"""Corpora: which lists of names are accepted, where they come from, and what they are made into."""

# The expected value comes first in a comparison.
# ruff: noqa: SIM300

from __future__ import annotations

import hashlib
import itertools
import random
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import corpus
from grader.corpus import ALPHABET, Corpus
from grader.errors import CorpusError
from grader.options import ROOT

LAW = settings(deadline=None, derandomize=True, database=None)
LECTURE_FILE = ROOT.parent / "shared" / "names.txt"
HUNDRED = tuple("".join(pair) for pair in itertools.product("abcdefghij", repeat=2))
TEXT = "".join(f"{word}\n" for word in HUNDRED).encode()

words = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return an empty data folder."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def small_lecture(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Let a small file stand for the lecture's, and return its content."""
    monkeypatch.setattr(corpus, "LECTURE_SHA256", hashlib.sha256(TEXT).hexdigest())
    return TEXT


def written(folder: Path, raw: bytes, name: str = "mine.txt") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(raw)
    return path


def refusal(path: Path) -> str:
    """Return the sentence with which a corpus is refused."""
    with pytest.raises(CorpusError) as caught:
        corpus.read(path)
    return str(caught.value)


def test_a_list_of_names_is_a_corpus(data: Path) -> None:
    """A file of lower-case names, one a line, is a corpus under the file's name."""
    expected = Corpus("mine", HUNDRED, hashlib.sha256(TEXT).hexdigest())

    assert expected == corpus.read(written(data, TEXT))
    assert "other" == corpus.read(written(data, TEXT), "other").name


def test_the_last_line_end_may_be_missing(data: Path) -> None:
    """The names are the same without a line feed at the end of the file."""
    assert HUNDRED == corpus.read(written(data, TEXT.removesuffix(b"\n"))).words


def test_a_corpus_may_repeat_a_name_and_have_any_order(data: Path) -> None:
    """Neither order nor distinctness is asked of a corpus that someone brings."""
    assert (
        HUNDRED[::-1] * 2 == corpus.read(written(data, b"\n".join([*TEXT.split()[::-1]] * 2))).words
    )


@pytest.mark.parametrize(
    "line",
    [
        "Emma",
        "anna maria",
        "jos\u00e9",
        "o'neil",
        "",
        " ",
        "ann\t",
        "a1",
        ".",
        "a" * 65,
        "\ufeffann",
    ],
)
def test_a_line_that_is_no_name_is_named(data: Path, line: str) -> None:
    """The first line that is no name is refused with file, number, text and what to write."""
    lines = [*HUNDRED[:41], line, *HUNDRED[41:], "X"]
    path = written(data, "\n".join(lines).encode())

    said = refusal(path)

    assert said.startswith(f"{path}, line 42: {line[:40]!r} is not a name of 1 to 64 letters a-z; ")
    assert "write names in lower case" in said


def test_a_name_may_have_64_letters(data: Path) -> None:
    """A name of exactly the greatest length is a name."""
    longest = "z" * corpus.MAX_LENGTH

    assert longest == corpus.read(written(data, TEXT + longest.encode())).words[-1]


def test_an_empty_line_at_the_end_is_named(data: Path) -> None:
    """Two line feeds at the end make an empty line, and its number is told."""
    assert ", line 101: '' is not a name" in refusal(written(data, TEXT + b"\n"))


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "is empty; put one name on each line"),
        (TEXT.replace(b"\n", b"\r\n"), "has Windows line ends; save it with plain line feeds"),
        (TEXT.replace(b"\n", b"\r"), "has Windows line ends; save it with plain line feeds"),
        (b"abc\xff\n", "byte 3 is not UTF-8; save the file as UTF-8"),
        (TEXT.decode().encode("utf-16"), "byte 0 is not UTF-8; save the file as UTF-8"),
        (b"emma\nolivia\n", "2 names are too few to split; have 100"),
        (TEXT[3:], "99 names are too few to split; have 100"),
    ],
    ids=["empty", "Windows", "old Mac", "a stray byte", "UTF-16", "two names", "99 names"],
)
def test_a_file_that_is_no_list_is_told_what_to_do(data: Path, raw: bytes, told: str) -> None:
    """A file that cannot be used is refused with its name, what is wrong and what to do."""
    path = written(data, raw)

    assert f"{path}: {told}" == refusal(path)


def test_what_is_no_file_is_refused(data: Path) -> None:
    """A missing file and a folder are refused each in its own words."""
    assert f"{data / 'none.txt'}: there is no such file" == refusal(data / "none.txt")
    assert f"{data}: is a folder; name the file with the names in it" == refusal(data)


def test_a_giant_file_is_not_read(data: Path) -> None:
    """A file beyond the limit is refused by its size."""
    path = data / "giant.txt"
    with path.open("wb") as file:
        file.truncate(corpus.MAX_BYTES + 1)

    assert f"{path}: is larger than 64 MiB" == refusal(path)


def test_an_error_of_the_file_system_is_told(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be read is refused with the system's reason."""

    def denied(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    path = written(data, TEXT)
    monkeypatch.setattr(Path, "read_bytes", denied)

    assert f"{path}: cannot be read: Permission denied" == refusal(path)


@LAW
@given(st.binary(max_size=300))
def test_random_bytes_are_no_corpus(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    """Any bytes are a corpus of names or refused, and nothing else happens."""
    path = written(tmp_path_factory.getbasetemp(), raw, "random.txt")

    assert refusal(path).startswith(str(path))


def test_a_corpus_is_loaded_by_name(data: Path) -> None:
    """A corpus of the data folder is found by its name, and what there is is listed."""
    written(data, TEXT, "names.txt")
    written(data, TEXT, "cities.txt")

    assert ("names", "cities") == (
        corpus.load(data_dir=data).name,
        corpus.load("cities", data).name,
    )
    with pytest.raises(CorpusError, match="no corpus 'towns'; there is: cities, names"):
        corpus.load("towns", data)
    with pytest.raises(CorpusError, match=r"no corpus '\.\./data/names'"):
        corpus.load("../data/names", data)


def test_without_a_data_folder_there_is_no_corpus(tmp_path: Path) -> None:
    """An empty or missing folder has no corpus, and that is what is said."""
    with pytest.raises(CorpusError, match="there is: none"):
        corpus.load("names", tmp_path / "nowhere")


def test_the_lectures_corpus_has_to_be_brought(data: Path) -> None:
    """Asking for the lecture's corpus before it is there tells both ways to bring it."""
    with pytest.raises(CorpusError) as caught:
        corpus.load(corpus.LECTURE, data)

    assert "grader data import FILE" in str(caught.value)
    assert "grader data fetch" in str(caught.value)


def test_the_lectures_file_is_imported(data: Path, tmp_path: Path, small_lecture: bytes) -> None:
    """The right file is copied under the lecture's name, readable for everyone, and loads."""
    source = written(tmp_path, small_lecture, "download.txt")
    kept = corpus.import_lecture(source, data)

    assert data / "lecture.txt" == kept
    assert (small_lecture, 0o644) == (kept.read_bytes(), kept.stat().st_mode & 0o777)
    assert HUNDRED == corpus.load(corpus.LECTURE, data).words
    assert small_lecture == source.read_bytes()


def test_importing_again_replaces_the_copy(
    data: Path, tmp_path: Path, small_lecture: bytes
) -> None:
    """A damaged copy is replaced as a whole by importing the file again."""
    written(data, b"damaged", "lecture.txt")
    kept = corpus.import_lecture(written(tmp_path, small_lecture), data)

    assert small_lecture == kept.read_bytes()
    assert ["lecture.txt"] == [path.name for path in data.iterdir()]


def test_another_file_is_not_the_lectures(data: Path, tmp_path: Path) -> None:
    """A file of another checksum is refused with both checksums, and nothing is kept."""
    source = written(tmp_path, TEXT)
    with pytest.raises(CorpusError) as caught:
        corpus.import_lecture(source, data)

    digest = hashlib.sha256(TEXT).hexdigest()
    told = f"{source}: is not the lecture's names.txt: its sha256 is {digest} and should be "
    assert told + corpus.LECTURE_SHA256 == str(caught.value)
    assert [] == list(data.iterdir())


@pytest.mark.parametrize("step", ["replace", "fsync", "chmod"])
def test_a_failure_leaves_no_part_of_a_file(
    data: Path, tmp_path: Path, small_lecture: bytes, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """When the disk fails in the middle, the old copy is as it was and nothing lies beside it."""

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    source = written(tmp_path, small_lecture)
    written(data, b"before", "lecture.txt")
    monkeypatch.setattr(corpus.os, step, full)
    with pytest.raises(CorpusError) as caught:
        corpus.import_lecture(source, data)
    monkeypatch.undo()

    told = f"{data / 'lecture.txt'}: cannot be written: No space left on device"
    assert told == str(caught.value)
    assert {"lecture.txt": b"before"} == {path.name: path.read_bytes() for path in data.iterdir()}


def test_ctrl_c_leaves_no_part_of_a_file(
    data: Path, tmp_path: Path, small_lecture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interruption passes through, and nothing is left behind."""

    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    source = written(tmp_path, small_lecture)
    monkeypatch.setattr(corpus.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        corpus.import_lecture(source, data)

    assert [] == list(data.iterdir())


def test_importing_without_a_data_folder_is_told(tmp_path: Path, small_lecture: bytes) -> None:
    """Where there is no data folder the copy cannot be written, and the message says so."""
    source = written(tmp_path, small_lecture)
    with pytest.raises(CorpusError, match="cannot be written: No such file or directory"):
        corpus.import_lecture(source, tmp_path / "nowhere")


class Site(BaseHTTPRequestHandler):
    """Serves a few files that are good or bad in one way each."""

    files: dict[str, bytes] = {}  # noqa: RUF012 (a handler is made for each request)

    def do_GET(self) -> None:
        """Answer with the file of that name, or 404."""
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/good")
            self.end_headers()
        elif self.path == "/noise":
            self.wfile.write(b"\0\1\2 this is no HTTP\n\n")
        elif self.path in self.files:
            self.send_response(200)
            length = len(TEXT) if self.path == "/short" else len(self.files[self.path])
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(self.files[self.path])
        else:
            self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the address of a web site on this machine."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    giant = b"a" * (corpus.MAX_DOWNLOAD + 1)
    Site.files = {
        "/good": TEXT,
        "/wrong": TEXT[3:],
        "/giant": giant,
        "/short": TEXT[:-5],
        "/empty": b"",
    }
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


@pytest.mark.parametrize("name", ["good", "moved"])
def test_the_lectures_file_is_fetched(
    data: Path, site: str, small_lecture: bytes, name: str
) -> None:
    """The right file is kept under the lecture's name, directly or through a redirection."""
    kept = corpus.fetch(data, f"{site}/{name}", timeout=60)

    assert (data / "lecture.txt", small_lecture) == (kept, kept.read_bytes())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("wrong", "is not the lecture's names.txt: its sha256 is "),
        ("empty", "is not the lecture's names.txt: its sha256 is e3b0c442"),
        ("giant", "is larger than the lecture's file; nothing was kept"),
        ("nowhere", "cannot be reached (Not Found); get the file in another way"),
        ("noise", "cannot be reached ("),
    ],
)
def test_a_bad_download_is_told_and_not_kept(
    data: Path, site: str, small_lecture: bytes, name: str, told: str
) -> None:
    """Another file, one too large, a missing page and noise are refused with the address."""
    with pytest.raises(CorpusError) as caught:
        corpus.fetch(data, f"{site}/{name}", timeout=60)

    assert str(caught.value).startswith(f"{site}/{name}")
    assert told in str(caught.value)
    assert [] == list(data.iterdir())


def test_a_download_that_breaks_off_keeps_nothing(
    data: Path, site: str, small_lecture: bytes
) -> None:
    """A file of which a part is missing is not kept."""
    with pytest.raises(CorpusError):
        corpus.fetch(data, f"{site}/short", timeout=60)

    assert [] == list(data.iterdir())


def test_without_a_network_the_other_way_is_told(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody answers, the message says how to bring the file without a network."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: a connection is refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/names.txt"
        with pytest.raises(CorpusError) as caught:
            corpus.fetch(data, url, timeout=60)

    assert str(caught.value).startswith(f"{url} cannot be reached (")
    assert str(caught.value).endswith("run `grader data import FILE`")


def spelled(context: torch.Tensor, label: torch.Tensor) -> str:
    """Return a context and its label as text."""
    return "".join(ALPHABET[int(index)] for index in [*context, label])


@LAW
@given(st.lists(words, min_size=1, max_size=8), st.integers(1, 6))
def test_a_label_is_the_character_after_its_context(names: list[str], block_size: int) -> None:
    """Each character of each name, and its end, is the label of the characters before it."""
    X, Y = corpus.examples(names, block_size)

    expected = []
    for name in names:
        padded = "." * block_size + name + "."
        expected += [padded[i : i + block_size + 1] for i in range(len(name) + 1)]
    assert expected == [spelled(context, label) for context, label in zip(X, Y, strict=True)]
    assert (torch.int64, torch.int64) == (X.dtype, Y.dtype)
    assert (len(expected), block_size) == tuple(X.shape)


def test_the_first_name_of_the_lecture_makes_its_examples() -> None:
    """The examples of one name are those that the lecture prints."""
    X, Y = corpus.examples(["emma"], 3)

    assert ["...e", "..em", ".emm", "emma", "mma."] == [
        spelled(*pair) for pair in zip(X, Y, strict=True)
    ]


@LAW
@given(st.lists(words, min_size=10, max_size=60))
def test_splits_part_the_names(names: list[str]) -> None:
    """Every name lands in one split, 80, 10 and 10 per cent of them, by the lecture's shuffle."""
    shuffled = list(names)
    random.Random(42).shuffle(shuffled)
    first, second = int(0.8 * len(names)), int(0.9 * len(names))
    expected = [shuffled[:first], shuffled[first:second], shuffled[second:]]

    found = corpus.splits(Corpus("drawn", tuple(names), ""), 3)

    for part, (X, Y) in zip(expected, (found.train, found.validation, found.test), strict=True):
        X_expected, Y_expected = corpus.examples(part, 3)
        assert torch.equal(X_expected, X)
        assert torch.equal(Y_expected, Y)


def test_splits_leave_the_corpus_and_the_dice_alone() -> None:
    """Splitting changes neither the corpus nor the state of Python's random numbers."""
    made = Corpus("hundred", HUNDRED, "")
    state = random.getstate()
    first, second = corpus.splits(made), corpus.splits(made)

    assert state == random.getstate()
    assert HUNDRED == made.words
    assert torch.equal(first.train[0], second.train[0])


@pytest.mark.skipif(not LECTURE_FILE.exists(), reason="the lecture's names.txt is not here")
def test_the_lectures_splits_have_the_lectures_sizes(data: Path) -> None:
    """The lecture's file has its checksum, and its splits have the sizes that the lecture shows."""
    corpus.import_lecture(LECTURE_FILE, data)
    found = corpus.splits(corpus.load(corpus.LECTURE, data))

    sizes = [len(Y) for _, Y in (found.train, found.validation, found.test)]
    assert [182625, 22655, 22866] == sizes
    assert [182625, 22655, 22866] == [
        len(X) for X, _ in (found.train, found.validation, found.test)
    ]


def test_the_embedded_corpus_is_a_sorted_set_of_names() -> None:
    """The corpus that comes with the project has thousands of distinct names in order."""
    found = corpus.load().words

    assert len(found) >= 4000
    assert sorted(set(found)) == list(found)
    assert set(ALPHABET[1:]) == set("".join(found))


def test_the_embedded_corpus_is_the_one_that_is_described() -> None:
    """The page about the data names the count and the checksum of the very file beside it."""
    found = corpus.load()
    page = (corpus.DATA / "README.md").read_text(encoding="utf-8")

    assert found.sha256 in page
    assert any(count in page for count in (f"{len(found.words)}", f"{len(found.words):,}"))
