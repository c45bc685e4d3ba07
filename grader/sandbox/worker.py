"""What runs in the worker: load a submission's sources, call its functions, answer in bytes.

Everything in this process may be changed by student code, so nothing that it says is a verdict.
"""

from __future__ import annotations

import ast
import contextlib
import mmap
import os
import sys
import time
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

with contextlib.suppress(ImportError):  # torch works without it
    import numpy

if TYPE_CHECKING or __package__:
    from grader.sandbox import (
        belt,
        cells,
        fingerprints,
        flat,
        guard,
        loader,
        memory,
        reader,
        stand_ins,
        wire,
    )
else:  # in the sandbox there is no package: these files are run by path
    import belt
    import cells
    import fingerprints
    import flat
    import guard
    import loader
    import memory
    import reader
    import stand_ins
    import wire

OWN_SEED = 0x9E3779B9
"""Of what is drawn without a generator: no seed that a question hands out."""


def cubic(coefficients: Sequence[Tensor]) -> Callable[[Tensor], Tensor]:
    """Return x -> sum(a x^3 + b x^2 + c x) + (b . x)(c . x), to differentiate numerically."""
    a, b, c = coefficients

    def f(x: Tensor) -> Tensor:
        total = (a.to(x) * x**3 + b.to(x) * x**2 + c.to(x) * x).sum()
        return total + (b.to(x) * x).sum() * (c.to(x) * x).sum()

    return f


class Examinee:
    """A loaded submission: the functions of one file, ready to be called."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources
        self._siblings = loader.Siblings(sources)
        self._functions: dict[tuple[str, int], Any] = {}
        self._tensors: list[Tensor] = []
        self._asked: tuple[str, int] | None = None

    def load(self, header: Mapping[str, Any]) -> list[loader.Failure]:
        """Get what is to be asked ready; return what failed on the way.

        Of a module every statement is run, and each function remembered as it was defined; of a
        notebook, what the function or the answer in question depends on.
        """
        file = header["file"]
        if self._siblings not in sys.meta_path:
            sys.meta_path.insert(0, self._siblings)
        module = types.ModuleType(file.rpartition(".")[0])
        module.__file__ = file
        sys.modules[module.__name__] = module
        if header["form"] == "function":
            return self._load_module(file, vars(module))
        loader.remember(file, self._sources[file])
        statements, failures = reader.parse(file, self._sources[file])
        reading = flat.Reading(statements, flat.Vocabulary.from_plain(header["words"]))
        place = header["name"], header["line"]
        if header["form"] == "flat":
            self._functions[place] = cells.answer(file, reading, header["task"])
            return failures
        self._functions[place], failed = cells.function(file, reading, *place, vars(module))
        return failures + failed

    def _load_module(self, file: str, namespace: dict[str, Any]) -> list[loader.Failure]:
        last: dict[str, int] = {}
        known: dict[str, reader.Function] = {}

        def remember(statement: ast.stmt) -> None:
            for name, _, line in reader.functions_of(statement, known):
                if callable(namespace.get(name)):
                    self._functions[name, line] = namespace[name]
                    last[name] = line

        failures = loader.run_statements(file, self._sources[file], namespace, remember)
        for name, line in last.items():
            self._functions[name, line] = namespace.get(name)
        return failures

    def _argument(self, spec: Any) -> Any:
        kind, value = spec["kind"], spec.get("value")
        if kind == "tensor":
            return self._tensors[value]
        if kind == "padded":
            return padded(self._tensors[value])
        if kind == "list":
            return [self._argument(item) for item in value]
        if kind == "generator":
            return torch.Generator().manual_seed(value)
        if kind == "cubic":
            return cubic([self._tensors[index] for index in value])
        if kind == "row_sparse":
            return row_sparse(spec["count"], *(self._tensors[index] for index in value))
        return value

    def _parts(self, header: Mapping[str, Any]) -> dict[str, Tensor]:
        """Return which rows of an answer are wanted, by name, where that is not all of it."""
        specs = [*header["positional"], *header["keyword"].values()]
        return {
            name: self._tensors[spec["value"][0]]
            for name, spec in zip(header["names"], specs, strict=True)
            if spec["kind"] == "row_sparse"
        }

    def call(
        self, header: Mapping[str, Any], tensors: list[Tensor]
    ) -> tuple[dict[str, Any], list[Tensor]]:
        """Call a function as a header asks; return the header and tensors of the answer."""
        function = self._functions.get((header["name"], header["line"]))
        if function is None:
            raise LookupError(f"{header['name']} was not defined when the file was run")
        if self._asked != (header["name"], header["line"]):
            self._asked = header["name"], header["line"]
            loader.forget_warnings(self._sources)
        self._tensors = tensors
        positional = [self._argument(spec) for spec in header["positional"]]
        keyword = {name: self._argument(spec) for name, spec in header["keyword"].items()}
        given = dict(zip(header["names"], [*positional, *keyword.values()], strict=True))
        parts = self._parts(header)
        watched = dict(tensors_of({k: v for k, v in given.items() if k not in parts}))
        before = {name: memory.snapshot(value) for name, value in watched.items()}
        started = time.perf_counter()
        for _ in range(header["calls"]):
            torch.set_default_dtype(torch.float64 if header["float64"] else torch.float32)
            # The draws of one call say nothing about those of another.
            torch.default_generator.manual_seed(torch.default_generator.initial_seed())
            result = function(*positional, **keyword)
        seconds = time.perf_counter() - started
        changed = [n for n, value in watched.items() if memory.snapshot(value) != before[n]]
        answers, texts = normalised(result, header["answer"])
        if parts:
            names = header["answer"]["names"]
            pairs = zip(names, answers, strict=True)
            answers = [a[parts[name]] if name in parts else a for name, a in pairs]
        shared = {memory.address(value): name for name, value in watched.items()}
        places = [memory.address(answer) for answer in answers]
        aliased = [shared[place] for place in places if place in shared]
        said = {"changed": changed, "aliased": aliased, "texts": texts, "seconds": seconds}
        return said, answers


def tensors_of(given: Mapping[str, Any]) -> Iterator[tuple[str, Tensor]]:
    """Yield every tensor among the inputs, with its name, `gradients[0]` for one of a list."""
    for name, value in given.items():
        if type(value) is Tensor:
            yield name, value
        elif type(value) is list:
            yield from ((f"{name}[{index}]", item) for index, item in enumerate(value))


def padded(tensor: Tensor) -> Tensor:
    """Return the same numbers as a non-contiguous view of a wider tensor."""
    if tensor.dim() < 2 or not tensor.is_floating_point():
        return tensor
    wide = torch.full((*tensor.shape[:-1], tensor.shape[-1] + 3), float("nan"), dtype=tensor.dtype)
    wide[..., : tensor.shape[-1]] = tensor
    return wide[..., : tensor.shape[-1]]


def row_sparse(count: int, index: Tensor, values: Tensor) -> Tensor:
    """Return a table of `count` rows that are zero but for `values`, the rows at `index`."""
    # Memory from the system is zero, and takes room and time only where something is written.
    size = count * values[:1].numel() * values.element_size()
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    table = torch.frombuffer(pages, dtype=values.dtype).view(count, *values.shape[1:])
    return table.index_copy_(0, index, values)


def normalised(result: Any, wanted: Mapping[str, Any]) -> tuple[list[Tensor], list[str]]:
    """Bring a function's result into the form of an answer: tensors, or texts.

    Raises TypeError, in words for a student, if it is not what was asked for.
    """
    if wanted["kind"] == "texts":
        if not isinstance(result, (list, tuple)) or not all(type(x) is str for x in result):
            raise TypeError(f"return a list of strings; this is {described(result)}")
        return [], [str(x)[:1000] for x in result][:10000]
    if wanted["kind"] == "tensor":
        return [as_tensor(result, numbers=False)], []
    names = wanted["names"]
    if isinstance(result, dict):
        missing = [name for name in names if name not in result]
        if missing:
            raise TypeError(f"the returned dict lacks {', '.join(missing)}")
        result = [result[name] for name in names]
    if wanted["kind"] == "scalar" and not isinstance(result, (list, tuple)):
        result = [result]
    if not isinstance(result, (list, tuple)) or len(result) != len(names):
        raise TypeError(f"return {', '.join(names)}; this is {described(result)}")
    return [as_tensor(item, numbers=wanted["kind"] == "scalar") for item in result], []


def as_tensor(value: Any, *, numbers: bool) -> Tensor:
    """Return a plain tensor, which an array of NumPy may stand for, and numbers if they are told
    to. Raises TypeError for anything else.
    """
    value = from_array(value)
    if numbers and type(value) in (float, int):
        return torch.tensor(value, dtype=torch.float64)
    if type(value) not in (Tensor, torch.nn.Parameter):
        raise TypeError(f"return a tensor; this is {described(value)}")
    if value.layout is not torch.strided or value.is_complex() or value.is_quantized:
        raise TypeError("return a dense tensor of real numbers")
    plain: Tensor = value.detach().resolve_neg().resolve_conj()
    return plain


def from_array(value: Any) -> Any:
    """Return an array of NumPy as a tensor of its own memory layout, anything else as it is."""
    if "numpy" in globals() and type(value) is numpy.ndarray:
        return torch.from_numpy(numpy.ascontiguousarray(value))
    return value


def described(value: Any) -> str:
    """Name a value in a sentence: its type, and its length if it is a sequence."""
    if value is None:
        return "None (is a `return` missing?)"
    if isinstance(value, stand_ins.Absent):
        return stand_ins.told(value)
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a {type(value).__name__}"


def answer(
    examinee: Examinee, frame: Any, files: Sequence[str]
) -> tuple[dict[str, Any], list[bytes]]:
    """Carry out one request; return the header and the body of the answer."""
    header = frame.header
    try:
        if header["op"] == "load":
            return {"status": "ok", "failures": examinee.load(header)[:20]}, []
        said, tensors = examinee.call(header, wire.tensors_from_frame(frame))
        size = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        if size > header["max_body"]:
            shapes = ", ".join(str(tuple(tensor.shape)) for tensor in tensors)
            raise TypeError(f"the answer is far too large: {shapes}")
        described_tensors, parts = wire.tensors_to_bytes(tensors)
        return {"status": "ok", **said, "tensors": described_tensors}, parts
    except BaseException as error:
        return {"status": status_of(error), **loader.failure(error, files)}, []


def status_of(error: BaseException) -> str:
    """Return the word for an exception that a call ended with."""
    if belt.is_refusal(error):
        return "policy"
    if isinstance(error, NotImplementedError):
        return "not_implemented"
    with contextlib.suppress(BaseException):  # an exception may not want to be looked at
        out_of_memory = type(error) is RuntimeError and "can't allocate memory" in str(error)
        if isinstance(error, MemoryError) or out_of_memory:
            return "memory"
    return "error"


def read_exactly(descriptor: int, count: int) -> bytes:
    """Read `count` bytes; end the process if the other side is gone."""
    pieces = []
    while count:
        piece = os.read(descriptor, min(count, 1 << 20))
        if not piece:
            os._exit(0)
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


def receive(descriptor: int) -> Any:
    """Read one frame from the trusted side."""
    prefix = read_exactly(descriptor, wire.PREFIX.size)
    header, body = wire.PREFIX.unpack(prefix)
    decoder = wire.Decoder(body)
    decoder.feed(prefix)
    return decoder.feed(read_exactly(descriptor, header + body))


def send(descriptor: int, frame: bytes) -> None:
    """Write one frame."""
    view = memoryview(frame)
    while view:
        view = view[os.write(descriptor, view) :]


def prepare() -> None:
    """Do what every worker needs, once in the process that they are forked from: so they share the
    memory that it takes.
    """
    belt.put_on()
    stand_ins.log_nowhere()
    # Each function is told of what it does, whoever did the same before: see `forget_warnings`.
    torch.set_warn_always(True)


def serve(requests: int, answers: int) -> None:
    """Answer requests until there are no more. A frame with the sources comes before them."""
    sources, request = sources_of(receive(requests)), receive(requests)
    known: reader.Known = {}
    while request.header["op"] == "survey":
        words = flat.Vocabulary.from_plain(request.header["words"])
        told = reading(reader.survey, sources, words, known)
        reply_to(request, (told, []), answers)
        sources, request = sources_of(receive(requests)), receive(requests)
    if request.header["op"] == "fingerprints":
        reply_to(request, (reading(fingerprints.survey, sources), []), answers)
        return
    stand_ins.install(sources)
    # What is drawn without a seed is the same in every run: torch would begin anywhere.
    torch.default_generator.manual_seed(OWN_SEED)
    examinee = Examinee(sources)
    while True:
        reply = answer(examinee, request, list(sources))
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # a submission may have closed it
                stream.flush()
        reply_to(request, reply, answers)
        request = receive(requests)


def reading(survey: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """Return the header that tells what reading gave, or why it came to nothing."""
    try:
        return {"status": "ok", **survey(*arguments)}
    except Exception as error:
        return {"status": status_of(error), "message": guard.reason(error)}


def sources_of(frame: Any) -> dict[str, str]:
    """Return the sources that a frame brings, by file."""
    sources, offset = {}, 0
    for file, length in frame.header["files"]:
        sources[file] = frame.body[offset : offset + length].decode("utf-8")
        offset += length
    return sources


def reply_to(request: Any, reply: tuple[dict[str, Any], list[bytes]], answers: int) -> None:
    """Send the answer to a request, with the request's ticket."""
    header, parts = reply
    send(answers, wire.pack({**header, "ticket": request.header["ticket"]}, parts))
