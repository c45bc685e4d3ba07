"""Corpora: lists of given names, one a line, and the examples that they make.

The project's own corpus comes with it; the lecture's can be imported. Every list is checked before
it is used, because a stray character would be one more class of the network.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import CorpusError

if TYPE_CHECKING:
    from torch import Tensor

    Split = tuple[Tensor, Tensor]

DATA = Path(__file__).resolve().parent.parent / "data"
EMBEDDED, LECTURE = "names", "lecture"
LECTURE_SHA256 = "0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d"
LECTURE_URL = "https://raw.githubusercontent.com/karpathy/makemore/master/names.txt"
ALPHABET = ".abcdefghijklmnopqrstuvwxyz"
"""The vocabulary: index 0 starts and ends a name."""

MAX_BYTES = 64 << 20
MAX_DOWNLOAD = 1 << 20
MAX_LENGTH = 64
MIN_NAMES = 100
SHUFFLE_SEED = 42
_NAME = re.compile(r"[a-z]+\Z")


@dataclass(frozen=True)
class Corpus:
    """A checked list of names."""

    name: str
    words: tuple[str, ...]
    sha256: str


@dataclass(frozen=True)
class Splits:
    """Examples: contexts X (N, block_size) and the next character Y (N,), both int64, of 80 % of
    the names, of the next 10 %, and of the last 10 %.
    """

    train: Split
    validation: Split
    test: Split


def read(path: Path, name: str | None = None) -> Corpus:
    """Read and check a corpus. Raises CorpusError for anything but lower-case names, one a line."""
    raw = _bytes_of(path)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8"
        ) from None
    if "\r" in text:
        raise CorpusError(f"{path}: has Windows line ends; save it with plain line feeds")
    words = text.removesuffix("\n").split("\n") if text else []
    if not words:
        raise CorpusError(f"{path}: is empty; put one name on each line")
    for number, word in enumerate(words, 1):
        if not _NAME.match(word) or len(word) > MAX_LENGTH:
            shown = repr(word[:40])
            raise CorpusError(
                f"{path}, line {number}: {shown} is not a name of 1 to {MAX_LENGTH} letters a-z; "
                "write names in lower case, without spaces, accents or empty lines"
            )
    if len(words) < MIN_NAMES:
        raise CorpusError(f"{path}: {len(words)} names are too few to split; have {MIN_NAMES}")
    return Corpus(name or path.stem, tuple(words), hashlib.sha256(raw).hexdigest())


def _bytes_of(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CorpusError(f"{path}: is larger than {MAX_BYTES >> 20} MiB")
        return path.read_bytes()
    except FileNotFoundError:
        raise CorpusError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise CorpusError(f"{path}: is a folder; name the file with the names in it") from None
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from None


def load(name: str = EMBEDDED, data_dir: Path = DATA) -> Corpus:
    """Return a corpus of the data folder by name. Raises CorpusError if it is not there."""
    path = data_dir / f"{name}.txt"
    known = sorted(found.stem for found in data_dir.glob("*.txt"))
    if name == LECTURE and name not in known:
        raise CorpusError(
            "the lecture's corpus is not here yet; bring it with `grader data import FILE`, or "
            "with `grader data fetch` if this machine has a network"
        )
    if name not in known:
        raise CorpusError(f"there is no corpus '{name}'; there is: {', '.join(known) or 'none'}")
    return read(path, name)


def import_lecture(source: Path, data_dir: Path = DATA) -> Path:
    """Keep a copy of the lecture's names.txt, once its checksum is right. Return where it is."""
    return _keep(_bytes_of(source), str(source), data_dir)


def fetch(data_dir: Path = DATA, url: str = LECTURE_URL, timeout: float = 20.0) -> Path:
    """Download the lecture's names.txt from the makemore repository and keep it.

    Raises CorpusError where there is no network, or where the file is not the one.
    """
    from http.client import HTTPException
    from urllib.request import urlopen

    try:
        with urlopen(url, timeout=timeout) as response:
            raw: bytes = response.read(MAX_DOWNLOAD + 1)
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise CorpusError(
            f"{url} cannot be reached ({reason}); get the file in another way and run "
            "`grader data import FILE`"
        ) from None
    if len(raw) > MAX_DOWNLOAD:
        raise CorpusError(f"{url}: is larger than the lecture's file; nothing was kept")
    return _keep(raw, url, data_dir)


def _keep(raw: bytes, source: str, data_dir: Path) -> Path:
    digest = hashlib.sha256(raw).hexdigest()
    if digest != LECTURE_SHA256:
        raise CorpusError(
            f"{source}: is not the lecture's names.txt: its sha256 is {digest} and should be "
            f"{LECTURE_SHA256}"
        )
    target = data_dir / f"{LECTURE}.txt"
    try:
        _write(raw, target)
    except OSError as error:
        raise CorpusError(f"{target}: cannot be written: {error.strerror}") from None
    return target


def _write(raw: bytes, target: Path) -> None:
    """Write a file whole or not at all."""
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def splits(corpus: Corpus, block_size: int = 3) -> Splits:
    """Return the examples of a corpus, split by names as in the lecture: 80, 10 and 10 per cent
    after a shuffle with the seed 42.
    """
    words = list(corpus.words)
    random.Random(SHUFFLE_SEED).shuffle(words)
    first, second = int(0.8 * len(words)), int(0.9 * len(words))
    return Splits(
        examples(words[:first], block_size),
        examples(words[first:second], block_size),
        examples(words[second:], block_size),
    )


def examples(words: list[str], block_size: int) -> Split:
    """Return the contexts (N, block_size) and next characters (N,) of names, each ended by a 0."""
    import torch

    # All names in one row, each after block_size zeros: every context is a window of that row.
    gap = "." * block_size
    row = gap + gap.join(word + "." for word in words)
    codes = torch.frombuffer(bytearray(row, "ascii"), dtype=torch.uint8).long()
    codes = torch.where(codes == ord("."), 0, codes - ord("a") + 1)
    windows = codes.unfold(0, block_size + 1, 1)  # (positions, block_size + 1)
    lengths = torch.tensor([len(word) + 1 for word in words])
    # The windows that start inside the gap after a name predict padding and are no examples.
    starts = torch.arange(len(words)).repeat_interleave(lengths) * block_size
    chosen = windows[torch.arange(int(lengths.sum())) + starts]
    return chosen[:, :-1].contiguous(), chosen[:, -1].contiguous()
