"""What runs in the worker: load a submission's sources, call its functions, answer in bytes.

Everything in this process may be changed by student code, so nothing that it says is a verdict.
"""

from __future__ import annotations

import ast
import contextlib
import os
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from . import callables, loader, no_autograd, stand_ins, wire
from .flat.names import Vocabulary
from .flat.reading import Reading
from .invoke import invoke
from .source import fingerprints, guard, survey
from .source.parse import Function, functions_of, parse

OWN_SEED = 0x9E3779B9
"""Of what is drawn without a generator: no seed that a question hands out."""


class LoadedSubmission:
    """A loaded submission: the functions of one file, ready to be called."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources
        self._siblings = loader.Siblings(sources)
        self._functions: dict[tuple[str, int], Any] = {}
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
        statements, failures = parse(file, self._sources[file])
        reading = Reading(statements, Vocabulary.from_plain(header["words"]))
        place = header["name"], header["line"]
        if header["form"] == "flat":
            self._functions[place] = callables.answer(file, reading, header["task"])
            return failures
        self._functions[place], failed = callables.function(file, reading, *place, vars(module))
        return failures + failed

    def _load_module(self, file: str, namespace: dict[str, Any]) -> list[loader.Failure]:
        last: dict[str, int] = {}
        known: dict[str, Function] = {}

        def remember(statement: ast.stmt) -> None:
            for name, _, line in functions_of(statement, known):
                if callable(namespace.get(name)):
                    self._functions[name, line] = namespace[name]
                    last[name] = line

        failures = loader.run_statements(file, self._sources[file], namespace, remember)
        for name, line in last.items():
            self._functions[name, line] = namespace.get(name)
        return failures

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
        return invoke(function, header, tensors)


def answer(
    submission: LoadedSubmission, frame: Any, files: Sequence[str]
) -> tuple[dict[str, Any], list[bytes]]:
    """Carry out one request; return the header and the body of the answer."""
    header = frame.header
    try:
        if header["op"] == "load":
            return {"status": "ok", "failures": submission.load(header)[:20]}, []
        said, tensors = submission.call(header, wire.tensors_from_frame(frame))
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
    if no_autograd.is_refusal(error):
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
    no_autograd.install()
    stand_ins.log_nowhere()
    # Each function is told of what it does, whoever did the same before: see `forget_warnings`.
    torch.set_warn_always(True)


def serve(requests: int, answers: int) -> None:
    """Answer requests until there are no more. A frame with the sources comes before them."""
    sources, request = wire.sources_from_frame(receive(requests)), receive(requests)
    known: survey.Known = {}
    while request.header["op"] == "survey":
        words = Vocabulary.from_plain(request.header["words"])
        told = reading(survey.survey, sources, words, known)
        reply_to(request, (told, []), answers)
        sources, request = wire.sources_from_frame(receive(requests)), receive(requests)
    if request.header["op"] == "fingerprints":
        reply_to(request, (reading(fingerprints.survey, sources), []), answers)
        return
    stand_ins.install(sources)
    # What is drawn without a seed is the same in every run: torch would begin anywhere.
    torch.default_generator.manual_seed(OWN_SEED)
    submission = LoadedSubmission(sources)
    while True:
        reply = answer(submission, request, list(sources))
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # a submission may have closed it
                stream.flush()
        reply_to(request, reply, answers)
        request = receive(requests)


def reading(read: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """Return the header that tells what reading gave, or why it came to nothing."""
    try:
        return {"status": "ok", **read(*arguments)}
    except Exception as error:
        return {"status": status_of(error), "message": guard.reason(error)}


def reply_to(request: Any, reply: tuple[dict[str, Any], list[bytes]], answers: int) -> None:
    """Send the answer to a request, with the request's ticket."""
    header, parts = reply
    send(answers, wire.pack({**header, "ticket": request.header["ticket"]}, parts))
