"""Attempts to get out of the jail, made from inside it: see `PROBES`.

Each is harmless where it succeeds, leaves nothing behind and cannot hang; the process that makes
them may end in any state and is made for nothing else. Where an effect would do harm (a reboot, an
unloaded module), the call is made with arguments that the kernel rejects only after it has admitted
the caller: EINVAL, ENOENT, EFAULT or EBADF then tell that the call was let through.

Standard library only.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import functools
import mmap
import os
import platform
import resource
import select
import signal
import socket
import struct
import sys
import termios
import threading
from collections.abc import Callable

Attempt = Callable[[], object]

REFUSALS = (errno.EPERM, errno.EACCES, errno.EAGAIN, errno.ENOSYS)
"""What is said to what is not admitted; EAGAIN by the limit of processes, to a fork. Any other
error comes after admission."""

# The number of a system call on x86_64 and on aarch64.
NUMBERS = {
    "acct": (163, 89), "add_key": (248, 217), "bind": (49, 200), "bpf": (321, 280),
    "clock_settime": (227, 112), "clone3": (435, 435), "connect": (42, 203), "execveat": (322, 281),
    "fanotify_init": (300, 262), "getpid": (39, 172), "getppid": (110, 173),
    "getresuid": (118, 148), "init_module": (175, 105), "inotify_init1": (294, 26),
    "io_uring_setup": (425, 425),
    "kexec_load": (246, 104), "keyctl": (250, 219), "memfd_create": (319, 279), "mlock": (149, 228),
    "mount": (165, 40), "mprotect": (10, 226), "mremap": (25, 216),
    "mq_open": (240, 180), "msgget": (68, 186),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "openat2": (437, 437),
    "perf_event_open": (298, 241), "personality": (135, 92), "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434), "prctl": (157, 167), "prlimit64": (302, 261),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "ptrace": (101, 117),
    "reboot": (169, 142), "request_key": (249, 218), "rt_sigqueueinfo": (129, 138),
    "seccomp": (317, 277), "semget": (64, 190), "sendmsg": (46, 211), "sethostname": (170, 161),
    "setitimer": (38, 103), "setns": (308, 268), "shmget": (29, 194), "signalfd4": (289, 74),
    "statx": (332, 291), "swapon": (167, 224), "syslog": (103, 116), "tgkill": (234, 131),
    "timer_create": (222, 107), "timerfd_create": (283, 85), "unshare": (272, 97),
    "userfaultfd": (323, 282),
}  # fmt: skip
COLUMN = {"x86_64": 0, "aarch64": 1}.get(platform.machine())

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

TRAP_SIGNALS = {
    "SIGILL": signal.SIGILL, "SIGTRAP": signal.SIGTRAP, "SIGBUS": signal.SIGBUS,
    "SIGSEGV": signal.SIGSEGV,
}  # fmt: skip

PARENT = os.getpid()
"""The process that imports this file, and forks the one that makes the attempts."""

OWN = os.path.dirname(os.path.abspath(__file__))
NOWHERE = f"/tmp/probe-{PARENT}"
NO_PATH = b"/nonexistent/probe"
NO_FILE, FOLDER = -1, -100  # no descriptor; AT_FDCWD, the current folder
ALL = ctypes.c_ulong(-1)


def zeros(count: int) -> ctypes.Array[ctypes.c_char]:
    """Return memory that the kernel may read and write."""
    return ctypes.create_string_buffer(count)


SECRET = zeros(8)
ADDRESS = ctypes.addressof(SECRET)  # in the parent, too: a fork copies the memory
PAGE = ctypes.c_void_p(ADDRESS & -mmap.PAGESIZE)
READ_WRITE_EXECUTE = 7


def call(name: str, *arguments: object) -> Callable[[], int]:
    """Return an attempt at a system call. NotImplementedError: its number is not known here."""

    def attempt() -> int:
        if COLUMN is None:
            raise NotImplementedError(name)
        words = [ctypes.c_long(item) if isinstance(item, int) else item for item in arguments]
        result = int(_libc.syscall(ctypes.c_long(NUMBERS[name][COLUMN]), *words))
        if result == -1:
            raise OSError(ctypes.get_errno(), name)
        return result

    return attempt


def opens(attempt: Callable[[], int]) -> Attempt:
    """Return an attempt that gives a descriptor, which is closed."""
    return lambda: os.close(attempt())


def open_file(path: str, flags: int = os.O_RDONLY) -> Attempt:
    """Return an attempt to open a path."""
    return opens(lambda: os.open(path, flags))


def makes(make: Callable[[str], object], remove: Callable[[str], object] = os.unlink) -> Attempt:
    """Return an attempt to make something at a path, which is removed."""

    def attempt() -> None:
        make(NOWHERE)
        remove(NOWHERE)

    return attempt


def open_socket(family: str, kind: int = socket.SOCK_DGRAM) -> Attempt:
    """Return an attempt to make a socket of a family."""
    return lambda: socket.socket(getattr(socket, family), kind).close()


def connect_to_this_machine() -> None:
    """Reach for a TCP port; whether anything listens there does not matter."""
    with socket.socket() as tcp:
        tcp.setblocking(False)
        tcp.connect(("127.0.0.1", 9))


def start_thread() -> None:
    """Start a thread that ends at once."""
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


def type_into_the_terminal() -> None:
    """Push a character into the input, from no address, so that none arrives."""
    try:
        fcntl.ioctl(0, FIOCLEX)
    except OSError:  # suits every descriptor: whoever refuses this, refuses all
        raise PermissionError(errno.EPERM, "ioctl") from None
    fcntl.ioctl(0, termios.TIOCSTI, 0)


def remote(name: str) -> Attempt:
    """Return an attempt to copy eight bytes from or to the memory of the parent."""
    here = struct.pack("QQ", ADDRESS, 8)
    return call(name, PARENT, here, 1, here, 1, 0)


QUEUED = struct.pack("iii", 0, 0, -1).ljust(128, b"\0")  # a siginfo with SI_QUEUE
UNLIMITED = struct.pack("QQ", 2**64 - 1, 2**64 - 1)
NEW = os.O_CREAT | os.O_EXCL
AS_IT_IS = 0xFFFFFFFF
FIOCLEX = 0x5451

Probe = tuple[str, str, Attempt]
PROBES: tuple[Probe, ...] = (
    ("files", "open /", open_file("/")),
    ("files", "open /etc/passwd", open_file("/etc/passwd")),
    ("files", "its own memory map", open_file("/proc/self/maps")),
    ("files", "environment of process 1", open_file("/proc/1/environ")),
    ("files", "memory of the parent", open_file(f"/proc/{PARENT}/mem")),
    ("files", "open the grader's folder", open_file(OWN)),
    ("files", "open by openat2", opens(call("openat2", FOLDER, b"/", zeros(24), 24))),
    ("files", "create in /tmp", makes(lambda path: os.close(os.open(path, NEW)))),
    ("files", "list a folder", lambda: os.listdir("/")),
    ("files", "unlink", lambda: os.unlink(NO_PATH)),
    ("files", "make a folder", makes(os.mkdir, os.rmdir)),
    ("files", "make a symbolic link", makes(lambda path: os.symlink("/", path))),
    ("files", "link", lambda: os.link(NO_PATH, NO_PATH)),
    ("files", "rename", lambda: os.rename(NO_PATH, NO_PATH)),
    ("files", "change a mode", lambda: os.chmod(NO_PATH, 0o600)),
    ("files", "change a time", lambda: os.utime(NO_PATH)),
    ("files", "stat", lambda: os.stat("/etc/passwd")),
    ("files", "statx", call("statx", FOLDER, b"/", 0, 0xFFF, zeros(256))),
    ("files", "stat a file system", lambda: os.statvfs("/")),
    ("files", "read a link", lambda: os.readlink("/proc/self/exe")),
    ("files", "name the current folder", os.getcwd),
    ("files", "change the folder", lambda: os.chdir("/")),
    ("files", "handle of a path", call("name_to_handle_at", FOLDER, b"/", zeros(8), zeros(4), 0)),
    ("files", "open by handle", call("open_by_handle_at", FOLDER, zeros(8), 0)),
    ("files", "watch by inotify", opens(call("inotify_init1", 0))),
    ("files", "watch by fanotify", opens(call("fanotify_init", 0, 0))),
    ("files", "mount", call("mount", NO_PATH, NO_PATH, b"proc", 0, None)),
    ("sockets", "internet", open_socket("AF_INET")),
    ("sockets", "Unix", open_socket("AF_UNIX")),
    ("sockets", "netlink", open_socket("AF_NETLINK")),
    ("sockets", "packet", open_socket("AF_PACKET", socket.SOCK_RAW)),
    ("sockets", "pair", lambda: [*map(socket.socket.close, socket.socketpair())]),
    ("sockets", "reach a TCP port", connect_to_this_machine),
    ("sockets", "connect a descriptor", call("connect", 0, zeros(16), 16)),
    ("sockets", "bind a descriptor", call("bind", 0, zeros(16), 16)),
    ("sockets", "send a descriptor", call("sendmsg", 0, None, 0)),
    ("processes", "fork", lambda: os.waitpid(os.fork() or os._exit(0), 0)),
    ("processes", "clone", call("clone3", zeros(64), 0)),
    ("processes", "start a thread", start_thread),
    ("processes", "execute a program", lambda: os.execv(NO_PATH, ["probe"])),
    ("processes", "execute a descriptor", call("execveat", NO_FILE, b"", None, None, 0x1000)),
    ("processes", "wait for a child", lambda: os.waitpid(-1, os.WNOHANG)),
    ("processes", "signal the parent", lambda: os.kill(PARENT, 0)),
    ("processes", "signal process 1", lambda: os.kill(1, 0)),
    ("processes", "signal its group", lambda: os.kill(0, 0)),
    ("processes", "signal everyone", lambda: os.kill(-1, 0)),
    ("processes", "signal a thread", call("tgkill", PARENT, PARENT, 0)),
    ("processes", "queue a signal", call("rt_sigqueueinfo", PARENT, 0, QUEUED)),
    ("processes", "open the parent", opens(call("pidfd_open", PARENT, 0))),
    ("processes", "take a descriptor", call("pidfd_getfd", NO_FILE, 0, 0)),
    ("processes", "read the parent's memory", remote("process_vm_readv")),
    ("processes", "write the parent's memory", remote("process_vm_writev")),
    ("processes", "start a session", os.setsid),
    ("processes", "priority", lambda: os.setpriority(os.PRIO_PROCESS, 0, 1)),
    ("processes", "choose a processor", lambda: os.sched_setaffinity(0, {0})),
    ("processes", "limits of the parent", call("prlimit64", PARENT, 7, None, zeros(16))),
    ("processes", "raise a limit", call("prlimit64", 0, resource.RLIMIT_AS, UNLIMITED, None)),
    ("shared", "System V memory", call("shmget", PARENT, 0, 0)),
    ("shared", "System V messages", call("msgget", PARENT, 0)),
    ("shared", "System V semaphores", call("semget", PARENT, 0, 0)),
    ("shared", "POSIX messages", call("mq_open", b"probe", 0, 0, None)),
    ("shared", "ask for a keyring", call("keyctl", 0, -2, 0)),
    ("shared", "add a key", call("add_key", b"user", b"probe", b"x", 1, -2)),
    ("shared", "request a key", call("request_key", b"user", b"probe", None, 0)),
    ("descriptors", "pipe", lambda: [*map(os.close, os.pipe())]),
    ("descriptors", "duplicate", opens(lambda: os.dup(0))),
    ("descriptors", "duplicate by fcntl", opens(lambda: fcntl.fcntl(0, fcntl.F_DUPFD, 0))),
    ("descriptors", "choose who is signalled", lambda: fcntl.fcntl(0, fcntl.F_SETOWN, PARENT)),
    ("descriptors", "type into the terminal", type_into_the_terminal),
    ("descriptors", "memory as a file", opens(call("memfd_create", b"probe", 0))),
    ("descriptors", "event", opens(lambda: os.eventfd(0))),
    ("descriptors", "epoll", lambda: select.epoll().close()),
    ("descriptors", "timer", opens(call("timerfd_create", 0, 0))),
    ("descriptors", "signals", opens(call("signalfd4", NO_FILE, zeros(8), 8, 0))),
    ("memory", "executable mapping", lambda: mmap.mmap(-1, mmap.PAGESIZE, prot=5).close()),
    ("memory", "make executable", call("mprotect", PAGE, mmap.PAGESIZE, READ_WRITE_EXECUTE)),
    ("memory", "move a mapping", call("mremap", PAGE, mmap.PAGESIZE, mmap.PAGESIZE, 0)),
    ("memory", "lock in memory", call("mlock", PAGE, mmap.PAGESIZE)),
    ("memory", "handle page faults", opens(call("userfaultfd", 1))),
    ("kernel", "seccomp", call("seccomp", 2, 0, struct.pack("I", 0x7FFF0000))),
    ("kernel", "load a BPF program", call("bpf", 0, zeros(64), 64)),
    ("kernel", "measure events", call("perf_event_open", None, 0, -1, -1, 0)),
    ("kernel", "io_uring", opens(call("io_uring_setup", 1, zeros(120)))),
    ("kernel", "set a timer", call("setitimer", 0, zeros(32), None)),
    ("kernel", "make a timer", call("timer_create", 0, None, zeros(8))),
    ("kernel", "set the clock", call("clock_settime", 0, None)),
    ("kernel", "personality", call("personality", AS_IT_IS)),
    ("kernel", "read the log", call("syslog", 10, None, 0)),
    ("kernel", "account processes", call("acct", NO_PATH)),
    ("kernel", "swap", call("swapon", NO_PATH, 0)),
    ("kernel", "name the machine", call("sethostname", None, -1)),
    ("kernel", "load a module", call("init_module", None, 0, b"")),
    ("kernel", "boot another kernel", call("kexec_load", 0, 1 << 30, None, ALL)),
    ("kernel", "reboot", call("reboot", 0, 0, 0, None)),
    *(
        ("signals", f"handle {name}", functools.partial(signal.signal, number, signal.SIG_IGN))
        for name, number in TRAP_SIGNALS.items()
    ),
    ("trivia", "its own number", call("getpid")),
    ("trivia", "its parent's number", call("getppid")),
    ("trivia", "its user", call("getresuid", zeros(4), zeros(4), zeros(4))),
    ("trivia", "name of the machine", os.uname),
    # Last what changes the one who asks.
    ("identity", "be dumpable", call("prctl", 4, 1, 0, 0, 0)),
    ("identity", "outlive the parent", call("prctl", 1, 0, 0, 0, 0)),
    ("identity", "become root", lambda: os.setuid(0)),
    ("identity", "change the root folder", lambda: os.chroot("/")),
    ("identity", "enter a namespace", call("setns", NO_FILE, 0)),
    ("identity", "make a namespace", call("unshare", 0x10000000)),
    ("identity", "be traced", call("ptrace", 0, 0, None, None)),
)


def refused(attempt: Attempt) -> bool:
    """Make an attempt; tell whether it was refused. One that is broken counts as let through."""
    try:
        attempt()
    except OSError as error:
        return error.errno in REFUSALS
    except NotImplementedError:
        raise
    except Exception as error:
        return type(error) is RuntimeError  # a thread that cannot be started
    return False


def run() -> list[tuple[str, bool]]:
    """Make every attempt; return "category: name" of each and whether it was refused.

    Linux only: elsewhere the numbers of system calls mean something else.
    """
    if sys.platform != "linux":
        return []
    # Somebody who is traced stops at any signal that is not blocked.
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    results = []
    for category, name, attempt in PROBES:
        with contextlib.suppress(NotImplementedError):
            results.append((f"{category}: {name}", refused(attempt)))
    return results
