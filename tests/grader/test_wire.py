"""The wire: what is packed comes back bit for bit, and no other bytes are ever taken for it."""

# The expected value comes first in a comparison.
# ruff: noqa: SIM300

from __future__ import annotations

import json
import math
import random
from typing import Any

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from grader.sandbox.guest import wire
from grader.sandbox.guest.wire import Decoder, Frame, WireError

LAW = settings(deadline=None, derandomize=True, database=None, max_examples=300)
MANY = 1_000_000
CAP = 1 << 20

dtypes = st.sampled_from(sorted(wire.ITEM_SIZES))
shapes = st.lists(st.integers(0, 6), max_size=5).map(tuple)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


def bits(tensor: Tensor) -> bytes:
    """Return the bytes of a tensor in C order."""
    return bytes(tensor.contiguous().reshape(-1).view(torch.uint8).tolist())


def frame_of(*tensors: Tensor, **header: Any) -> bytes:
    """Pack tensors as both sides do."""
    described, parts = wire.tensors_to_bytes(tensors)
    return wire.pack({**header, "tensors": described}, parts)


def unpacked(raw: bytes, cap: int = CAP) -> list[Tensor]:
    """Return the tensors of a whole frame."""
    frame = Decoder(cap).feed(raw)
    assert frame is not None
    return wire.tensors_from_frame(frame)


def claim(header: object, body: bytes = b"") -> bytes:
    """Return a frame around any header at all."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return wire.PREFIX.pack(len(raw), len(body)) + raw + body


def refusal(described: object, body: bytes = b"") -> str:
    """Return the words with which a description of tensors is refused."""
    frame = Decoder(CAP).feed(claim({"tensors": described}, body))
    assert frame is not None
    with pytest.raises(WireError) as caught:
        wire.tensors_from_frame(frame)
    return str(caught.value)


@st.composite
def drawn_tensors(draw: st.DrawFn) -> Tensor:
    """Draw a tensor of any dtype and shape, of any bits at all."""
    dtype, shape = draw(dtypes), draw(shapes)
    size = math.prod(shape) * wire.ITEM_SIZES[dtype]
    if size == 0:
        return torch.empty(shape, dtype=getattr(torch, dtype))
    raw = draw(st.binary(min_size=size, max_size=size))
    if dtype == "bool":
        raw = bytes(byte & 1 for byte in raw)
    return torch.frombuffer(bytearray(raw), dtype=getattr(torch, dtype)).reshape(shape)


@LAW
@given(st.lists(drawn_tensors(), max_size=4))
@example([torch.empty(0, 27)])
@example([torch.empty(3, 0, 100_000), torch.ones(2)])
@example([torch.tensor(2.5), torch.tensor(True)])
def test_tensors_come_back_as_they_were(tensors: list[Tensor]) -> None:
    """Tensors of any dtype, shape and bits survive the wire."""
    found = unpacked(frame_of(*tensors))

    expected = [(tensor.dtype, tensor.shape, bits(tensor)) for tensor in tensors]
    assert expected == [(tensor.dtype, tensor.shape, bits(tensor)) for tensor in found]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_nan_and_infinity_keep_their_bits(dtype: str) -> None:
    """Infinities, signed zeros, subnormals and the payload of a NaN arrive untouched."""
    size = wire.ITEM_SIZES[dtype]
    ones = b"\xff" * (size - 1)
    raw = ones + b"\x7f" + ones + b"\xff" + bytes(size - 1) + b"\x80" + b"\x01" + bytes(size - 1)
    tensor = torch.frombuffer(bytearray(raw), dtype=getattr(torch, dtype))
    special = torch.tensor([math.inf, -math.inf, math.nan, 0.0, -0.0], dtype=tensor.dtype)

    assert [raw, bits(special)] == [bits(found) for found in unpacked(frame_of(tensor, special))]


@pytest.mark.parametrize(
    "view",
    [
        torch.arange(12.0).reshape(3, 4).T,
        torch.arange(12.0)[::3],
        torch.ones(1, 1).expand(4, 5),
        torch.arange(12.0).reshape(3, 4)[:, 1:3],
        torch.nn.Parameter(torch.arange(3.0)),
    ],
)
def test_a_view_arrives_as_the_numbers_it_shows(view: Tensor) -> None:
    """Transposed, strided, expanded and sliced views arrive as plain tensors."""
    (found,) = unpacked(frame_of(view))

    assert found.is_contiguous()
    assert torch.equal(view, found)


@pytest.mark.parametrize(
    ("tensor", "told"),
    [
        (torch.empty(2, device="meta"), "a float32 tensor on meta cannot be sent"),
        (torch.ones(2).to(torch.float8_e5m2), "a float8_e5m2 tensor on cpu cannot be sent"),
        (torch.ones(2, dtype=torch.complex64), "a complex64 tensor on cpu cannot be sent"),
    ],
)
def test_what_has_no_bytes_of_its_own_is_not_sent(tensor: Tensor, told: str) -> None:
    """Tensors without memory here, or of a dtype off the list, are refused by name."""
    with pytest.raises(WireError) as caught:
        frame_of(tensor)

    assert told == str(caught.value)


def test_tensors_of_a_frame_share_no_memory() -> None:
    """Each tensor has memory of its own, aligned, though their bytes lie one after another."""
    odd, wide = torch.zeros(3, dtype=torch.uint8), torch.zeros(2, dtype=torch.float64)
    first, second = unpacked(frame_of(odd, wide))
    first += 1

    assert torch.equal(wide, second)
    assert 0 == second.data_ptr() % 8


@LAW
@given(
    st.dictionaries(st.text(max_size=4), json_values).map(json.dumps).map(json.loads),
    st.binary(max_size=64),
    st.lists(st.integers(1, 40)),
)
def test_a_frame_may_come_in_any_pieces(
    header: dict[str, Any], body: bytes, lengths: list[int]
) -> None:
    """However a frame is cut into pieces, it is whole with its last byte and not before."""
    raw = wire.pack(header, [body])
    decoder = Decoder(64)
    found = None
    while raw:
        assert found is None
        assert 1 <= decoder.wanted <= len(raw)
        length = lengths.pop() if lengths else decoder.wanted
        found = decoder.feed(raw[:length])
        raw = raw[length:]

    assert found is not None
    assert (repr(header), body) == (repr(found.header), bytes(found.body))


def test_an_empty_piece_changes_nothing() -> None:
    """Feeding nothing, before, within or after the lengths, is no frame and no error."""
    raw = wire.pack({"status": "ok"})
    decoder = Decoder(0)

    pieces = (b"", raw[:5], b"", raw[5:12], b"", raw[12:-1], b"")
    assert [None] * 7 == [decoder.feed(piece) for piece in pieces]
    assert {"status": "ok"} == getattr(decoder.feed(raw[-1:]), "header", None)


def test_bytes_after_the_end_are_an_error() -> None:
    """A byte too many makes the frame an error, in the same piece or in one of its own."""
    raw = wire.pack({"status": "ok"}, [b"1234"])
    with pytest.raises(WireError, match="after the end"):
        Decoder(CAP).feed(raw + b"\0")

    decoder = Decoder(CAP)
    decoder.feed(raw)
    with pytest.raises(WireError, match="after the end"):
        decoder.feed(b"\0")


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (2, 1 << 60),
        (2, (1 << 64) - 1),
        (2, CAP + 1),
        (wire.MAX_HEADER + 1, 0),
        ((1 << 32) - 1, 0),
    ],
)
def test_a_length_beyond_the_cap_is_refused_at_once(header: int, body: int) -> None:
    """The twelve bytes of the lengths are enough to refuse: nothing is allocated or awaited."""
    with pytest.raises(WireError, match="too large"):
        Decoder(CAP).feed(wire.PREFIX.pack(header, body))


def test_a_length_at_the_cap_is_accepted() -> None:
    """A header and a body of exactly the largest sizes make a frame."""
    filler = "x" * (wire.MAX_HEADER - len('{"a":""}'))
    frame = Decoder(CAP).feed(wire.pack({"a": filler}, [bytes(CAP)]))

    assert frame is not None
    assert (filler, CAP) == (frame.header["a"], len(frame.body))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"a": 1} trailing',
        b"{'a': 1}",
        b"\xff\xfe",
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": ' + b"1" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 40_000,
        b"[" * 100_000 + b"]" * 100_000,
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_a_header_that_is_not_json_is_refused(raw: bytes) -> None:
    """Broken JSON, other encodings, endless numbers and bottomless nesting are refused."""
    with pytest.raises(WireError, match="not JSON"):
        Decoder(0).feed(claim(raw))


@pytest.mark.parametrize("header", [None, True, 1, 0.5, "ok", [], [{"status": "ok"}]])
def test_a_header_that_is_no_object_is_refused(header: object) -> None:
    """JSON that is no object is no header."""
    with pytest.raises(WireError, match="not an object"):
        Decoder(0).feed(claim(header))


def test_half_a_character_is_replaced() -> None:
    """JSON can spell half of a character; it arrives as a question mark, fit for any file."""
    raw = rb'{"message": "a\ud800b", "\udfff": ["\uD83D\uDE00", "\\ud800", NaN, 1.5, null]}'
    frame = Decoder(0).feed(claim(raw))

    assert frame is not None
    assert "a?b" == frame.header["message"]
    expected = "['\U0001f600', '\\\\ud800', nan, 1.5, None]"
    assert expected == repr(frame.header["?"])


@LAW
@given(st.dictionaries(st.text(max_size=4), json_values))
def test_every_header_can_be_written_as_utf8(header: dict[str, Any]) -> None:
    """Whatever a header says, a report can spell it."""
    frame = Decoder(0).feed(claim(header))

    assert frame is not None
    assert json.dumps(frame.header, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "described",
    [None, {}, "float32", 3, [["float32", []]] * 4097],
    ids=["null", "object", "text", "number", "too many"],
)
def test_a_list_of_tensors_that_is_none_is_refused(described: object) -> None:
    """The tensors are described by a list that is not too long."""
    assert "the list of tensors is malformed" == refusal(described)


@pytest.mark.parametrize(
    "item", [None, [], {}, "float32", ["float32"], ["float32", 3], ["float32", [1], 0]]
)
def test_a_description_of_another_form_is_refused(item: object) -> None:
    """A tensor is described by two things, a dtype and a list of sizes."""
    assert "the description of a tensor is malformed" == refusal([item], bytes(4))


@pytest.mark.parametrize(
    "dtype",
    [None, 1, [], {}, "", "float", "Float32", "torch.float32", "complex64", "float8_e5m2", "load"],
)
def test_a_dtype_off_the_list_is_refused(dtype: object) -> None:
    """Only the dtypes of the list are known, by their exact names."""
    assert "a tensor has an unknown dtype" == refusal([[dtype, [1]]], bytes(4))


@pytest.mark.parametrize(
    "shape",
    [
        [-1],
        [-1, -1],
        [True],
        [1.0],
        ["1"],
        [None],
        [[1]],
        [{}],
        [1 << 60],
        [1 << 70],
        [0, 1 << 62, 1 << 62],
        [10**4000],
        [1] * 17,
    ],
    ids=lambda shape: repr(shape)[:20],
)
def test_an_impossible_shape_is_refused(shape: list[object]) -> None:
    """Sizes are whole numbers from 0 up, few and not beyond what memory could hold."""
    assert "a tensor has an impossible shape" == refusal([["uint8", shape]], b"1")


@pytest.mark.parametrize(
    ("described", "length"),
    [
        ([["float32", [2]]], 4),
        ([["float32", [2]]], 7),
        ([["float32", [2]]], 9),
        ([["float32", []]], 0),
        ([["float64", [0]]], 8),
        ([], 1),
        ([["uint8", [3]], ["uint8", [3]]], 5),
        ([["uint8", [1 << 20, 1 << 20]]], 1 << 20),
    ],
)
def test_a_body_of_another_length_is_refused(described: list[object], length: int) -> None:
    """The tensors of a header fill its body exactly."""
    said = refusal(described, bytes(length))

    assert said.startswith("the tensors need ")
    assert said.endswith(f" bytes and there are {length}")


def test_a_header_without_tensors_has_none() -> None:
    """A frame that describes no tensors and has no body is a frame without tensors."""
    assert [] == unpacked(wire.pack({"status": "ok"}))


def outcome(raw: bytes) -> Frame | None:
    """Decode bytes: a frame whose layout agrees with its body, or None. Nothing else may happen."""
    try:
        frame = Decoder(4096).feed(raw)
        if frame is None:
            return None
        layout = wire.layout(frame.header, len(frame.body))
    except WireError:
        return None
    total = sum(math.prod(shape) * wire.ITEM_SIZES[dtype] for dtype, shape in layout)
    assert len(frame.body) == total
    return frame


@LAW
@given(st.binary(max_size=200))
def test_random_bytes_are_an_error_at_worst(raw: bytes) -> None:
    """Random bytes raise nothing but the wire's own error."""
    outcome(raw)
    outcome(claim(raw[:100], raw[100:]))


@LAW
@given(json_values, st.binary(max_size=40))
def test_random_descriptions_are_an_error_at_worst(described: object, body: bytes) -> None:
    """Any JSON in place of the tensors' description raises nothing but the wire's own error."""
    outcome(claim({"tensors": described}, body))
    outcome(claim({"tensors": [described, ["float32", described]]}, body))


@LAW
@given(
    st.lists(st.tuples(dtypes, shapes), max_size=3),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=4),
)
def test_a_mutated_frame_is_an_error_at_worst(
    tensors: list[tuple[str, tuple[int, ...]]], edits: list[tuple[int, int]]
) -> None:
    """A valid frame with a few bytes changed gives the tensors it describes, or the error."""
    made = [torch.zeros(shape, dtype=getattr(torch, dtype)) for dtype, shape in tensors]
    raw = bytearray(frame_of(*made, status="ok"))
    for place, byte in edits:
        raw[place % len(raw)] = byte
    frame = outcome(bytes(raw))
    if frame is not None:
        described = [tuple(shape) for _, shape in frame.header.get("tensors", [])]
        assert described == [tuple(found.shape) for found in wire.tensors_from_frame(frame)]


def test_very_many_mutated_frames_are_an_error_at_worst() -> None:
    """One byte changed, inserted or removed, very many times, never gets past the layout."""
    dice = random.Random(20)
    originals = [
        frame_of(torch.zeros(2, 3), status="ok"),
        frame_of(torch.zeros(2, dtype=torch.int8), torch.tensor(True)),
        frame_of(torch.zeros(0, 5), torch.zeros((), dtype=torch.float64)),
        wire.pack({"tensors": []}),
    ]
    accepted = 0
    for _ in range(MANY):
        raw = bytearray(dice.choice(originals))
        place, byte = dice.randrange(len(raw)), dice.randrange(256)
        how = dice.random()
        if how < 0.8:
            raw[place] = byte
        elif how < 0.9:
            raw.insert(place, byte)
        else:
            del raw[place]
        accepted += outcome(raw) is not None

    assert 0 < accepted < MANY
