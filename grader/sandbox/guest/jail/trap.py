"""Differentiation, taken out of this process: what torch would do it with is overwritten.

"By hand" cannot be read from source code, because a program can reach any name without writing it.
So the zygote overwrites the machine code of every function of torch that differentiates with
instructions that trap: the engine, the backward functions of operators and their kernels, forward
mode, and TorchScript's symbolic differentiation. A call ends the process. Torch also has formulas
of its backward operators in Python; their code is replaced by code that raises.

What is overwritten is a copy, in a file in memory that is sealed and mapped in place of the
library's own pages. So nothing that a process may ask of the kernel brings the original back, and
children share it at no cost. It works on x86-64 and aarch64, and whether it does is tried before it
is trusted: see `derivatives`.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import functools
import gc
import hashlib
import itertools
import mmap
import os
import platform
import re
import sys
import types
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from . import elf

PAGE = mmap.PAGESIZE
NEAR = 64 * PAGE
"""Functions that lie closer together than this are replaced in one piece: each piece is a mapping
more, and a fork copies the list of mappings."""

TRAPS = {"x86_64": b"\xcc", "aarch64": b"\0"}
"""What to fill with: on x86-64 `int3`, a trap wherever in it one lands, and on aarch64 `udf`."""

WORDS = (
    b"ackward", b"set_fw_grad", b"ForwardADLevel", b"_make_dual", b"8autograd6Engine",
    b"8autograd4grad", b"jvp", b"3jit13differentiate", b"adientInfoForSchema", b"6PyNode5apply",
    b"gamma_grad", b"dirichlet_grad", b"_bwd_",
)  # fmt: skip
CHOSEN = re.compile(
    rb"ackward|set_fw_grad|ForwardADLevel|_make_dual|jvp|8autograd4grad|3jit13differentiate"
    rb"|adientInfoForSchema|6PyNode5apply"
    rb"|8autograd6Engine(7execute|17evaluate|23execute|11thread_main)"
    rb"|standard_gamma_grad|dirichlet_grad"
)
HARMLESS = re.compile(
    rb"4dnnl|Dfti|mkl_dft|BackwardCompat|ForwardBackwardLinks|St\d+_*(copy|move)(_move)?_backward"
    rb"|D[012]Ev|\d_?unfold_backward|17release_variablesEv|13compiled_args|4nameB5cxx11Ev"
)
"""Names that mean another thing: MKL's inverse Fourier transform, old versions, copies of memory,
what a graph needs that is built, not used, and freed, and oneDNN, of which `ONEDNN` tells more."""

KERNELS = re.compile(rb"6native|9generated7details")
"""In the names of functions that compute. Most are not exported."""

ONEDNN = re.compile(
    rb"dnnl_(?!\w*convolution)\w+_backward\w*_primitive_desc_create|4dnnl(?!.*conv).*_bwd_.*\dexecute"
)
"""The same in oneDNN, which convolves forward by the backward pass of a convolution."""

KERNEL_WORDS = (b"ackward", b"_bwd_")

FORMULAS = re.compile(r"ackward|jvp|vjp|jacobian|hessian|analytic")
FORMULA_MODULES = ("torch._decomp",)
CHECKSUM = hashlib.sha256().digest_size
REFUSE = "__refuse_to_differentiate__"
OTHER_DEVICES = re.compile("cuda|cudnn|nvrtc|nvshmem|cupti|hip|rocm|xpu|sycl")

# linux/memfd.h, linux/mman.h, linux/fcntl.h
MFD_EXEC, MAP_FIXED, MAP_POPULATE, F_ADD_SEALS = 0x10, 0x10, 0x8000, 1033
SEALS = 0x1 | 0x2 | 0x4 | 0x8
"""Against further seals, shrinking, growing and writing."""

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = (
    ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long,
)  # fmt: skip


@dataclass(frozen=True)
class Patch:
    """A range of a file that is mapped as code, and the parts of it to overwrite.

    parts: pairs of offset in the range and size.
    """

    path: Path
    address: int
    offset: int
    size: int
    parts: tuple[tuple[int, int], ...]


def is_derivative(name: bytes) -> bool:
    """Tell whether an exported function differentiates, by its mangled name."""
    return CHOSEN.search(name) is not None and HARMLESS.search(name) is None


def is_kernel(name: bytes) -> bool:
    """Tell whether a function is a kernel that differentiates, by its mangled name."""
    return bool(KERNELS.search(name) and not HARMLESS.search(name)) or bool(ONEDNN.search(name))


def derivatives_of(library: elf.Library) -> array[int]:
    """Return address and size, in turn, of the functions of a library that differentiate.

    Linkers fold functions that are alike: one that has a harmless name, too, is left out.
    """
    found = library.complete.functions(KERNEL_WORDS, is_kernel)
    found |= library.exported.functions(WORDS, is_derivative)
    for address, name in library.complete.names_at(found):
        if not any(word in name for word in WORDS):
            found.pop(address, None)
    return array("Q", itertools.chain.from_iterable(found.items()))


def remembered(library: elf.Library, cache: Path | None) -> array[int]:
    """Return `derivatives_of` a library, from a file in the folder `cache` if it is there.

    Half a million symbols are read in 0.3 s, which would be a third of a zygote's start.
    """
    identity = library.build_id
    if cache is None or not identity:
        return derivatives_of(library)
    rule = (WORDS, CHOSEN.pattern, HARMLESS.pattern, KERNELS.pattern, ONEDNN.pattern)
    key = hashlib.sha256(repr((identity, rule)).encode()).hexdigest()[:32]
    file = cache / f"derivatives-{key}"
    with contextlib.suppress(OSError, ValueError):
        checksum, held = (raw := file.read_bytes())[:CHECKSUM], raw[CHECKSUM:]
        if checksum == hashlib.sha256(held).digest():  # all of it was written
            return array("Q", held)
    found = derivatives_of(library)
    with contextlib.suppress(OSError):  # then it is found out anew each time
        cache.mkdir(parents=True, exist_ok=True)
        own = file.with_name(f"{file.name}.{os.getpid()}")
        own.write_bytes(hashlib.sha256(found.tobytes()).digest() + found.tobytes())
        own.replace(file)
    return found


def mapped_code(folder: str) -> Iterator[tuple[Path, int, int, int]]:
    """Yield the libraries below a folder that are mapped as code: path, first address, size, and
    offset in the file.
    """
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        span, mode, offset, _, _, *rest = line.split(maxsplit=5)
        path = rest[0] if rest else ""
        if "x" in mode and path.startswith(folder) and not OTHER_DEVICES.search(Path(path).name):
            first, last = (int(address, 16) for address in span.split("-"))
            yield Path(path), first, last - first, int(offset, 16)


def patches(
    path: Path, first: int, size: int, offset: int, cache: Path | None = None
) -> list[Patch]:
    """Return what to overwrite of a library's code that is mapped at `first`."""
    library = elf.Library(path)
    derivatives = remembered(library, cache)
    functions = [
        (address - segment.address + segment.offset - offset, length)
        for segment in library.segments()
        for address, length in zip(derivatives[::2], derivatives[1::2], strict=True)
    ]
    inside = sorted((place, length) for place, length in functions if 0 <= place < size - length)
    return [
        Patch(path, first + begin, offset + begin, end - begin, parts)
        for begin, end, parts in _ranges(inside, size)
    ]


def _ranges(
    functions: Sequence[tuple[int, int]], size: int
) -> Iterator[tuple[int, int, tuple[tuple[int, int], ...]]]:
    """Yield ranges of whole pages: where each begins and ends, and its functions' places in it."""
    begin = end = 0
    parts: list[tuple[int, int]] = []
    for place, length in functions:
        if parts and place > end + NEAR:
            yield begin, end, tuple(parts)
            parts = []
        if not parts:
            begin = end = place // PAGE * PAGE
        parts.append((place - begin, length))
        end = max(end, min(size, -(-(place + length) // PAGE) * PAGE))
    if parts:
        yield begin, end, tuple(parts)


def overwrite(several: Sequence[Patch], fill: bytes) -> None:
    """Replace mapped code by patched copies. Raises OSError where the kernel refuses."""
    memory = _memory_file()
    try:
        os.ftruncate(memory, sum(patch.size for patch in several))
        for patch in several:
            _copy(patch, memory)
        with mmap.mmap(memory, 0) as copies:
            begin = 0
            for patch in several:
                for place, length in patch.parts:
                    copies[begin + place : begin + place + length] = fill * length
                begin += patch.size
        fcntl.fcntl(memory, F_ADD_SEALS, SEALS)
        begin = 0
        for patch in several:
            _replace(patch, memory, begin)
            begin += patch.size
    finally:
        os.close(memory)


def _memory_file() -> int:
    """Return a file in memory that can be sealed, and mapped as code."""
    try:
        return os.memfd_create("code", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC | MFD_EXEC)
    except OSError as error:
        if error.errno != errno.EINVAL:  # older than Linux 6.3, where each may be mapped as code
            raise
        return os.memfd_create("code", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)


def _copy(patch: Patch, memory: int) -> None:
    with patch.path.open("rb") as file:
        left, at = patch.size, patch.offset
        while left > 0:
            count = os.sendfile(memory, file.fileno(), at, left)
            if count == 0:
                return  # the last page of a file is rarely full
            left, at = left - count, at + count


def _replace(patch: Patch, memory: int, begin: int) -> None:
    # Populated, so that what workers touch of it counts as shared, which it is.
    flags = mmap.MAP_PRIVATE | MAP_FIXED | MAP_POPULATE
    protection = mmap.PROT_READ | mmap.PROT_EXEC
    mapped = _libc.mmap(patch.address, patch.size, protection, flags, memory, begin)
    if mapped != patch.address:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def forget_formulas(refuse: Callable[..., Any]) -> None:
    """Replace the code of torch's own formulas in Python by a call of `refuse`."""
    for function in gc.get_objects():
        if type(function) is types.FunctionType and _is_formula(function):
            function.__code__ = _refusal(len(function.__code__.co_freevars))
            function.__globals__.setdefault(REFUSE, refuse)


def _is_formula(function: types.FunctionType) -> bool:
    module = function.__module__
    if type(module) is not str or not module.startswith("torch"):
        return False
    return bool(FORMULAS.search(function.__qualname__)) or module.startswith(FORMULA_MODULES)


@functools.cache
def _refusal(free: int) -> types.CodeType:
    """Return code that refuses, for a function with so many variables of outer functions."""
    names = [f"v{index}" for index in range(free)]
    lines = [
        "def outer():",
        *(f"    {name} = None" for name in names),
        "    def inner(*args, **kwargs):",
        f"        {REFUSE}()",
        *(f"        {name}" for name in names),
        "    return inner",
    ]
    namespace: dict[str, Any] = {}
    exec("\n".join(lines), namespace)
    code: types.CodeType = namespace["outer"]().__code__
    return code


def install(refuse: Callable[..., Any], cache: Path | None = None) -> None:
    """Take differentiation out of this process, and of all that it forks. `refuse` is called in
    place of torch's formulas in Python; `cache` is a folder to remember a build's functions in.
    Raises OSError or ValueError where that cannot be done.
    """
    fill = TRAPS.get(platform.machine())
    if sys.platform != "linux" or fill is None:
        raise ValueError("there are traps for Linux on x86_64 and aarch64 only")
    folder = os.path.dirname(os.path.realpath(torch.__file__))
    gc.disable()  # torch's many objects would be gone through again and again
    try:
        several = [patch for code in mapped_code(folder) for patch in patches(*code, cache)]
        if not several:
            raise ValueError("no function that differentiates was found in torch's libraries")
        overwrite(several, fill)
        forget_formulas(refuse)
    finally:
        gc.enable()
