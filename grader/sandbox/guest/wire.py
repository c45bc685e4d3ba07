"""The wire: frames of a JSON header and raw little-endian bytes. Nothing on it is ever executed.

A frame is 12 bytes of lengths (header: 4, body: 8, big-endian), a UTF-8 JSON object, and a body. A
header that describes tensors has `tensors`, a list of `[dtype, shape]`; their bytes lie one after
another in the body, in C order.

Both sides speak it. The trusted side checks every length against a cap before it allocates, and the
shapes against the length of the body before it makes a tensor.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

PREFIX = struct.Struct("!IQ")
MAX_HEADER = 512 * 1024
MAX_DIMENSIONS = 16
MAX_EXTENT = 1 << 40
ITEM_SIZES = {
    "float16": 2,
    "bfloat16": 2,
    "float32": 4,
    "float64": 8,
    "int8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
    "uint8": 1,
    "bool": 1,
}
Header = dict[str, Any]


class WireError(ValueError):
    """Bytes that are not the frame they should be."""


@dataclass(frozen=True)
class Frame:
    """One message."""

    header: Header
    body: bytes | bytearray


def pack(header: Header, parts: Sequence[bytes] = ()) -> bytes:
    """Return a frame as bytes."""
    encoded = json.dumps(header, separators=(",", ":")).encode()
    body = b"".join(parts)
    return PREFIX.pack(len(encoded), len(body)) + encoded + body


class Decoder:
    """Puts one frame together from pieces. Raises WireError as soon as it cannot become one."""

    def __init__(self, max_body: int) -> None:
        self._max_body = max_body
        self._buffer = bytearray()
        self._lengths: tuple[int, int] | None = None

    def feed(self, piece: bytes) -> Frame | None:
        """Add a piece; return the frame once it is whole. Bytes beyond it are an error."""
        self._buffer += piece
        if self._lengths is None and len(self._buffer) >= PREFIX.size:
            self._lengths = self._checked(*PREFIX.unpack_from(self._buffer))
        if self._lengths is None:
            return None
        header_end = PREFIX.size + self._lengths[0]
        end = header_end + self._lengths[1]
        if len(self._buffer) > end:
            raise WireError("there are bytes after the end of the answer")
        if len(self._buffer) < end:
            return None
        return Frame(_header(self._buffer[PREFIX.size : header_end]), self._buffer[header_end:])

    @property
    def wanted(self) -> int:
        """Return how many bytes are missing at least, as far as is known."""
        total = PREFIX.size + sum(self._lengths or (0, 0))
        return max(1, total - len(self._buffer))

    def _checked(self, header: int, body: int) -> tuple[int, int]:
        if header > MAX_HEADER or body > self._max_body:
            raise WireError(f"the answer is too large ({header} + {body} bytes)")
        return header, body


def _header(raw: bytes | bytearray) -> Header:
    try:
        text = raw.decode("utf-8", "strict")
        header = json.loads(text)
        if "\\ud" in text.lower():  # half of a character, which no report could hold, becomes a "?"
            whole = json.dumps(header, ensure_ascii=False).encode("utf-8", "replace")
            header = json.loads(whole)
    except (ValueError, RecursionError) as error:
        raise WireError("the header is not JSON") from error
    if not isinstance(header, dict):
        raise WireError("the header is not an object")
    return header


def _extent(shape: Sequence[int]) -> int:
    """Return the product of the sizes that are not 0: an empty tensor may be long in another
    dimension, but not so long that its strides overflow.
    """
    return math.prod(size or 1 for size in shape)


def layout(header: Header, length: int) -> list[tuple[str, tuple[int, ...]]]:
    """Return dtype and shape of each tensor that a header describes, once they are known to fill a
    body of `length` bytes exactly. Raises WireError if they do not.
    """
    described = header.get("tensors", [])
    if not isinstance(described, list) or len(described) > 4096:
        raise WireError("the list of tensors is malformed")
    found, total = [], 0
    for item in described:
        if not (isinstance(item, list) and len(item) == 2 and isinstance(item[1], list)):
            raise WireError("the description of a tensor is malformed")
        dtype, shape = item
        if not isinstance(dtype, str) or dtype not in ITEM_SIZES:
            raise WireError("a tensor has an unknown dtype")
        sizes_are_fine = all(type(size) is int and size >= 0 for size in shape)
        if len(shape) > MAX_DIMENSIONS or not sizes_are_fine or _extent(shape) > MAX_EXTENT:
            raise WireError("a tensor has an impossible shape")
        total += math.prod(shape) * ITEM_SIZES[dtype]
        found.append((dtype, tuple(shape)))
    if total != length:
        raise WireError(f"the tensors need {total} bytes and there are {length}")
    return found


def tensors_to_bytes(tensors: Sequence[Tensor]) -> tuple[list[Any], list[bytes]]:
    """Return the description and the bytes of each tensor, for a header and a body.

    Raises WireError for a tensor without memory here, or of a dtype that is not on the list.
    """
    import ctypes

    described, parts = [], []
    for tensor in tensors:
        plain = tensor.detach().contiguous()
        dtype = str(plain.dtype).removeprefix("torch.")
        if dtype not in ITEM_SIZES or plain.device.type != "cpu":
            raise WireError(f"a {dtype} tensor on {plain.device.type} cannot be sent")
        size = plain.numel() * plain.element_size()
        described.append([dtype, list(plain.shape)])
        parts.append(ctypes.string_at(plain.data_ptr(), size) if size else b"")
    return described, parts


def tensors_from_frame(frame: Frame) -> list[Tensor]:
    """Return the tensors of a frame. Raises WireError if header and body do not agree."""
    import torch

    tensors, offset = [], 0
    body = bytearray(frame.body) if frame.body else bytearray(1)
    for dtype, shape in layout(frame.header, len(frame.body)):
        count = math.prod(shape)
        if count == 0:
            tensors.append(torch.empty(shape, dtype=getattr(torch, dtype)))
            continue
        flat = torch.frombuffer(
            body, dtype=torch.uint8, count=count * ITEM_SIZES[dtype], offset=offset
        )
        # A tensor needs aligned memory of its own, which an offset into a body does not give.
        tensors.append(flat.clone().view(getattr(torch, dtype)).view(shape))
        offset += count * ITEM_SIZES[dtype]
    return tensors


def pack_sources(op: str, files: Mapping[str, bytes]) -> bytes:
    """Return the frame that comes first: what kind of worker this is to be, and the sources."""
    listed = [[name, len(text)] for name, text in files.items()]
    return pack({"op": op, "files": listed}, list(files.values()))


def sources_from_frame(frame: Frame) -> dict[str, str]:
    """Return the sources that a frame brings, by file."""
    sources, offset = {}, 0
    for file, length in frame.header["files"]:
        sources[file] = frame.body[offset : offset + length].decode("utf-8")
        offset += length
    return sources
