"""The functions of a shared library, from the symbol tables of its ELF file.

Format: "ELF-64 Object File Format" (System V ABI). Standard library only, and fast: torch's largest
library has half a million symbols, and a zygote reads them whenever it starts.
"""

from __future__ import annotations

import itertools
import mmap
import struct
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAGIC = b"\x7fELF\x02\x01"  # 64 bits, little-endian
LOADED, EXECUTABLE = 1, 1  # a segment's kind and flag
COMPLETE, NOTES, EXPORTED = 2, 7, 11  # kinds of sections
FUNCTIONS = (2, 10)  # kinds of symbols: functions, and those chosen when a library is loaded
SECTION, SEGMENT = struct.Struct("<IIQQQQIIQQ"), struct.Struct("<IIQQQQQQ")
SYMBOL = struct.Struct("<IBBHQQ")

Choice = Callable[[bytes], bool]


@dataclass(frozen=True)
class Segment:
    """A part of a file that is mapped as code; `address` is where, by the file's own count."""

    offset: int
    address: int
    size: int


class Table:
    """A table of symbols and their names."""

    def __init__(self, data: mmap.mmap, symbols: tuple[int, int], names: tuple[int, int]) -> None:
        self._data, self._names = data, names
        self._symbols = memoryview(data)[symbols[0] : sum(symbols)]

    def functions(self, words: Sequence[bytes], chosen: Choice) -> dict[int, int]:
        """Return address and size of each function that has one of `words` in its name, and whose
        name is `chosen`.
        """
        starts = {start for start, name in self._names_with(words) if chosen(name)}
        names = self._symbols.cast("I")[::6].tolist()
        found: dict[int, int] = {}
        for index in itertools.compress(range(len(names)), map(starts.__contains__, names)):
            kind, defined, address, size = self._symbol(index)
            if kind in FUNCTIONS and defined and size:
                found[address] = max(size, found.get(address, 0))
        return found

    def names_at(self, addresses: Container[int]) -> Iterator[tuple[int, bytes]]:
        """Yield each address that has a symbol of some size, and the symbol's name."""
        begin, length = self._names
        values = self._symbols.cast("Q")[1::3].tolist()
        for index in itertools.compress(range(len(values)), map(addresses.__contains__, values)):
            if self._symbol(index)[3]:
                (start,) = struct.unpack_from("<I", self._symbols, index * SYMBOL.size)
                end = self._data.find(b"\0", begin + start, begin + length)
                yield values[index], self._data[begin + start : end]

    def _symbol(self, index: int) -> tuple[int, int, int, int]:
        _, info, _, section, address, size = SYMBOL.unpack_from(self._symbols, index * SYMBOL.size)
        return info & 15, section, address, size

    def _names_with(self, words: Sequence[bytes]) -> Iterator[tuple[int, bytes]]:
        begin, length = self._names
        for word in words:
            at = self._data.find(word, begin, begin + length)
            while at >= 0:
                start = self._data.rfind(b"\0", begin, at) + 1
                end = self._data.find(b"\0", at, begin + length)
                yield start - begin, self._data[start:end]
                at = self._data.find(word, end, begin + length)


class Library:
    """An ELF file. Raises ValueError if it is none, or has no symbols.

    exported: what other libraries can call. complete: all functions, where the file tells.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        if self._data[:6] != MAGIC:
            raise ValueError(f"{path.name} is no 64-bit ELF file")
        self._sections = list(self._headers(40, 58, SECTION))
        exported, complete = self._table(EXPORTED), self._table(COMPLETE)
        if exported is None:
            raise ValueError(f"{path.name} has no symbols")
        self.exported = exported
        self.complete = complete or exported

    def _headers(self, start_at: int, sizes_at: int, layout: struct.Struct) -> Iterator[Any]:
        (start,) = struct.unpack_from("<Q", self._data, start_at)
        size, count = struct.unpack_from("<HH", self._data, sizes_at)
        return (layout.unpack_from(self._data, start + i * size) for i in range(count))

    def _table(self, kind: int) -> Table | None:
        for section in self._sections:
            if section[1] == kind:
                names = self._sections[section[6]]
                return Table(self._data, section[4:6], names[4:6])
        return None

    @property
    def build_id(self) -> bytes:
        """The note that tells builds apart, empty if there is none."""
        for section in self._sections:
            if section[1] == NOTES:
                note = self._data[section[4] : section[4] + section[5]]
                if note[12:16] == b"GNU\0" and note[8:12] == b"\3\0\0\0":
                    return note
        return b""

    def segments(self) -> Iterator[Segment]:
        """Yield the parts of the file that are mapped as code."""
        for kind, flags, offset, address, _, size, _, _ in self._headers(32, 54, SEGMENT):
            if kind == LOADED and flags & EXECUTABLE:
                yield Segment(offset, address, size)
