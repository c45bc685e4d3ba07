"""What a worker gives up before it reads a byte of a submission.

Four layers, none of which needs root, namespaces or a container engine. What a child inherits is
done once, in the zygote (`share`), because a worker is forked for every task; the rest is done in
the worker itself (`lock_down`):

- resource limits: memory, file size, processes, core dumps;
- no_new_privs, and an identity of its own where the zygote runs as root;
- Landlock: no path can be opened, no TCP port reached, no process outside signalled;
- seccomp: an allow-list of system calls in the spirit of OpenBSD's `pledge("stdio")`. A process
  that can only read, write, wait, and manage its own memory has nothing to read or to write to.

Standard library only. What a machine does not have is reported, not ignored: see `Layers`.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

OPEN_FILES = 16
HEADROOM = 2 << 30
"""Bytes of address space that a submission may use on top of what torch has mapped already."""

ADDRESSES = 1 << 47
"""Bytes of address space that a process has at most."""

FIRST_UID, UIDS = 61440, 4000
"""Where root starts a worker, it becomes one of these users, who own nothing anywhere."""

_libc = ctypes.CDLL(None, use_errno=True)


# prctl(2)
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 1, 4, 38, 22
SECCOMP_MODE_FILTER = 2


class Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))


class Call:
    """A prctl(2) whose arguments are ready. A worker that has just been forked shares its memory
    with the zygote, and every page that it writes to is copied first: making the arguments there
    takes three times as long as the call.
    """

    def __init__(self, option: int, *arguments: int) -> None:
        values = (option, *arguments, 0, 0, 0, 0)[:5]
        self._arguments = tuple(ctypes.c_ulong(value) for value in values)

    def __call__(self) -> None:
        """Make the call. Raises OSError where the kernel refuses."""
        if _libc.prctl(*self._arguments) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))


class Filter(Call):
    """The call that installs a BPF program; it keeps the program alive."""

    def __init__(self, code: bytes) -> None:
        self._code = ctypes.create_string_buffer(code, len(code))
        self._program = Program(len(code) // 8, ctypes.addressof(self._code))
        super().__init__(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(self._program))


NO_NEW_PRIVILEGES = Call(PR_SET_NO_NEW_PRIVS, 1)
NOT_TRACEABLE = Call(PR_SET_DUMPABLE, 0)
DIE_WITH_PARENT = Call(PR_SET_PDEATHSIG, 9)

# linux/audit.h, and the numbers of the system calls on each architecture. aarch64 has no `poll`,
# `select` or `time`: glibc uses the newer calls there.
ARCHITECTURES = {
    "x86_64": (
        0xC000003E,
        {
            "read": 0, "write": 1, "close": 3, "poll": 7, "lseek": 8, "mmap": 9, "mprotect": 10,
            "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15,
            "ioctl": 16, "readv": 19, "writev": 20, "select": 23, "sched_yield": 24, "madvise": 28,
            "nanosleep": 35, "getpid": 39, "exit": 60, "fcntl": 72,
            "gettimeofday": 96, "getrusage": 98, "times": 100, "sigaltstack": 131, "gettid": 186,
            "time": 201, "futex": 202, "sched_getaffinity": 204, "restart_syscall": 219,
            "clock_gettime": 228, "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231,
            "pselect6": 270, "ppoll": 271, "getrandom": 318,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "fcntl": 25, "ioctl": 29, "close": 57, "lseek": 62, "read": 63, "write": 64,
            "readv": 65, "writev": 66, "pselect6": 72, "ppoll": 73, "exit": 93, "exit_group": 94,
            "futex": 98, "nanosleep": 101, "clock_gettime": 113, "clock_getres": 114,
            "clock_nanosleep": 115, "sched_getaffinity": 123, "sched_yield": 124,
            "restart_syscall": 128, "sigaltstack": 132, "rt_sigaction": 134,
            "rt_sigprocmask": 135, "rt_sigreturn": 139, "times": 153, "getrusage": 165,
            "gettimeofday": 169, "getpid": 172, "gettid": 178, "brk": 214, "munmap": 215,
            "mmap": 222, "mprotect": 226, "madvise": 233, "getrandom": 278,
        },
    ),
}  # fmt: skip
X32_BIT = 0x40000000
# `mremap` is not on the list: it grows a mapping of a file, and so maps again what a trap has
# replaced. C's realloc allocates and copies where it is refused.

TRAP_SIGNALS = (signal.SIGILL, signal.SIGTRAP, signal.SIGBUS, signal.SIGSEGV)
"""Nobody may handle these: a call that meets a trap (see `trap.py`) ends the process."""

# linux/bpf_common.h and linux/seccomp.h
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER_OFFSET, ARCHITECTURE_OFFSET = 0, 4
PROT_EXEC = 4
FCNTL_READS = (1, 3)  # F_GETFD and F_GETFL; F_SETOWN could aim signals at others


def argument_offset(index: int) -> int:
    """Return where the low half of a system call's argument lies in struct seccomp_data."""
    return 16 + 8 * index


def program(machine: str) -> bytes:
    """Return the allow-list as a BPF program for an architecture, `x86_64` or `aarch64`.

    What is not allowed fails with EPERM, so that honest code that tries gets an error it can read;
    a foreign architecture's calling convention ends the process.
    """
    audit, numbers = ARCHITECTURES[machine]
    code: list[tuple[int, int, int, int]] = [
        (LOAD, 0, 0, ARCHITECTURE_OFFSET),
        (JUMP_EQUAL, 1, 0, audit),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER_OFFSET),
        (JUMP_AT_LEAST, 0, 1, X32_BIT),
        (RETURN, 0, 0, ERRNO | errno.EPERM),
    ]
    for name, number in numbers.items():
        if name in ("mmap", "mprotect"):
            body = [
                (LOAD, 0, 0, argument_offset(2)),
                (JUMP_ANY_BIT, 0, 1, PROT_EXEC),
                (RETURN, 0, 0, ERRNO | errno.EPERM),
                (RETURN, 0, 0, ALLOW),
            ]
        elif name == "fcntl":
            body = [
                (LOAD, 0, 0, argument_offset(1)),
                (JUMP_EQUAL, 1, 0, FCNTL_READS[0]),
                (JUMP_EQUAL, 0, 1, FCNTL_READS[1]),
                (RETURN, 0, 0, ALLOW),
                (RETURN, 0, 0, ERRNO | errno.EPERM),
            ]
        elif name == "rt_sigaction":
            body = [
                (LOAD, 0, 0, argument_offset(0)),
                *((JUMP_EQUAL, len(TRAP_SIGNALS) - i, 0, s) for i, s in enumerate(TRAP_SIGNALS)),
                (RETURN, 0, 0, ALLOW),
                (RETURN, 0, 0, ERRNO | errno.EPERM),
            ]
        elif name == "ioctl":
            body = [(RETURN, 0, 0, ERRNO | errno.ENOTTY)]
        else:
            body = [(RETURN, 0, 0, ALLOW)]
        code += [(JUMP_EQUAL, 0, len(body), number), *body]
    code.append((RETURN, 0, 0, ERRNO | errno.EPERM))
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)


@dataclass(frozen=True)
class Layers:
    """What a worker has been locked down with, and what this machine did not give."""

    active: tuple[str, ...]
    missing: tuple[str, ...]


def _call(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def address_space() -> int:
    """Return the bytes of address space that this process has mapped; 0 where that is unknown."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return _tried_address_space()


def _tried_address_space() -> int:
    """Return the same without /proc: the largest limit under which nothing more can be mapped."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    most = ADDRESSES if before[1] == resource.RLIM_INFINITY else before[1]
    page = resource.getpagesize()
    low, high = 0, most // page
    try:
        while low < high:
            middle = (low + high + 1) // 2
            resource.setrlimit(resource.RLIMIT_AS, (middle * page, before[1]))
            low, high = (low, middle - 1) if _can_map(page) else (middle, high)
    except (OSError, ValueError):  # a system without such a limit
        return 0
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    return low * page


def _can_map(size: int) -> bool:
    try:
        mmap.mmap(-1, size).close()
    except OSError:
        return False
    return True


def limit_resources(mapped: int) -> None:
    """Bound what the process may use. `mapped`: its address space before a submission is read.
    Raises OSError if that is unknown: then memory has no bound, and all others are set.
    """
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: OPEN_FILES,
    }
    if mapped:
        limits[resource.RLIMIT_AS] = mapped + HEADROOM
    for name in ("RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE"):
        if hasattr(resource, name):
            limits[getattr(resource, name)] = 0
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))
    if not mapped:
        raise OSError("memory is not limited: this system does not tell what a process has mapped")


def forbid_processes() -> None:
    """Make every further fork fail, where the system has such a limit."""
    if hasattr(resource, "RLIMIT_NPROC"):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def become_nobody(slot: int) -> None:
    """Take on an identity of its own, without groups. Needs root."""
    uid = FIRST_UID + slot % UIDS
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def restrict_files() -> str:
    """Deny every path with Landlock; return the version. Raises OSError where there is none.

    The system calls have the same numbers on every architecture. A ruleset that handles a right and
    has no rule denies it everywhere.
    """
    create, restrict = 444, 446
    abi = _call(create, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    rights = {1: 13, 2: 14, 3: 15, 4: 15}.get(abi, 16)
    network = 0b11 if abi >= 4 else 0
    scoped = 0b11 if abi >= 6 else 0
    attributes = struct.pack("QQQ", (1 << rights) - 1, network, scoped)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    buffer = ctypes.create_string_buffer(attributes)
    ruleset = _call(create, buffer, ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        _call(restrict, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)
    return f"landlock {abi}"


def prepare() -> Filter | None:
    """Return the allow-list for this machine, made once in the zygote; None if there is none."""
    known = sys.platform == "linux" and platform.machine() in ARCHITECTURES
    return Filter(program(platform.machine())) if known else None


Step = tuple[str, Callable[..., object], tuple[object, ...]]


def _taken(steps: Sequence[Step]) -> Layers:
    """Take one step after another; one that this machine does not give is missing."""
    active, missing = [], []
    for name, step, arguments in steps:
        try:
            told = step(*arguments)
        except (OSError, AttributeError, ValueError) as error:
            missing.append(f"{name} ({error})")
        else:
            active.append(str(told or name))
    return Layers(tuple(active), tuple(missing))


def share(mapped: int) -> Layers:
    """Give up, for this process and all that it will fork, what a forking process can do without.

    mapped: the address space in use before a submission is read. Returns what could be done and
    what could not; whether that is enough is for the trusted side to decide.
    """
    steps: list[Step] = [("resource limits", limit_resources, (mapped,))]
    if sys.platform == "linux":
        if os.geteuid() == 0:
            steps.append(("no groups", os.setgroups, ([],)))
        steps += [
            ("no new privileges", NO_NEW_PRIVILEGES, ()),
            ("not traceable", NOT_TRACEABLE, ()),
            ("landlock", restrict_files, ()),
        ]
    return _taken(steps)


def lock_down(slot: int, allow_list: Filter | None) -> Layers:
    """Give up, after `share`, everything but reading, writing, and the process's own memory.

    slot: which identity to take on, where this is root.
    """
    if sys.platform != "linux":
        return Layers((), ("the jail (Linux only)",))
    steps: list[Step] = [("no processes", forbid_processes, ())]
    if os.geteuid() == 0:
        steps.append(("user of its own", become_nobody, (slot,)))
    # A change of identity clears this, so it comes after.
    steps.append(("dies with the zygote", DIE_WITH_PARENT, ()))
    if allow_list is None:
        taken = _taken(steps)
        lacking = f"seccomp (no allow-list for {platform.machine()})"
        return Layers(taken.active, (*taken.missing, lacking))
    return _taken([*steps, ("seccomp", allow_list, ())])
