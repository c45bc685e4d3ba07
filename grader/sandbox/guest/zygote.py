"""The zygote: a process that has imported torch and forks a worker whenever it is asked to.

It runs in a fresh interpreter, with an empty environment, so that nothing of the grader
(references, hidden tests, seeds) is in the memory that its children inherit. There this package is
`guest`, at the top level, and no other module of the grader is imported. The zygote never runs
student code itself.

Before anything else it takes torch's differentiation out of itself, and so out of its workers: see
`trap.py`.

Its arguments are the isolation to give (`jail`, `process`, or `best`), a folder to keep what it
finds out about a build of torch, and which ways to differentiate it tries (`few` or `all`). It
tells what it can give in a line of JSON on the socket of descriptor 3, and then does what it is
told by short messages there:

    fork        with three descriptors: requests, answers, output  ->  the child's pid
    reap PID    kill the child if it still runs                    ->  its wait status
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from . import no_autograd, preload, worker
from .jail import derivatives, lockdown, probes, trap
from .source import guard

REQUESTS, ANSWERS = 3, 4
NO_DIFFERENTIATION = "no differentiation"
ESSENTIAL = ("resource limits", "no new privileges", "seccomp")
HELLO = b"+"
TRIVIA = "trivia: "
MOST_TOLD = 20
PATIENCE = 20
"""Seconds that a child may take to try every way out."""

TRAPPED = (signal.SIGTRAP, signal.SIGILL)
DIFFERENTIATED, NOTHING, NOT_THERE = 0, 1, 2
"""Exit codes of a child that has tried a way to differentiate."""


def holds(told: dict[str, Any]) -> bool:
    """Tell whether a child was locked down and could not get out; note how it could."""
    escapes = [name for name, refused in told["probes"] if not refused and TRIVIA not in name]
    told["missing"] = [*told["missing"], *(f"refusal of '{name}'" for name in escapes)]
    layers = all(layer in told["active"] for layer in ESSENTIAL)
    return layers and bool(told["probes"]) and not escapes


class Jailer:
    """Forks workers and locks them down, each in the same way."""

    def __init__(
        self, isolation: str, untrapped: str, ways: Sequence[tuple[str, derivatives.Way]]
    ) -> None:
        """Find out what this machine gives.

        untrapped: why differentiation could not be taken out of this process; empty if it could.
        ways: those to differentiate that are tried.
        """
        self._mapped = lockdown.address_space()
        self._filter = lockdown.prepare()
        self._null = os.open(os.devnull, os.O_RDONLY)
        self._slot = 0
        self._children: set[int] = set()
        self.level = "process"
        self.told: dict[str, Any] = {"active": [], "missing": [], "probes": []}
        if isolation in ("jail", "best"):
            self.told = self._examined()
            shared = self.told.pop("shared", [])
            # What every worker inherits; a process that cannot give it up forks nobody for a jail.
            if holds(self.told) and list(lockdown.share(self._mapped).active) == shared:
                self.level = "jail"
        self.told["ways"] = self._tried(ways)
        works = [f"'{name}' works" for name, refused in self.told["ways"] if not refused]
        untrapped = untrapped or "; ".join(works[:MOST_TOLD])
        if untrapped:
            self.level = "process"
            self.told["missing"].append(f"{NO_DIFFERENTIATION} ({untrapped})")
        if self.level == "process":
            self.told["active"] = ["resource limits"]
            self.told["missing"] = self.told["missing"][:MOST_TOLD] or ["the jail: not asked for"]
            if not self._mapped:
                self.told["missing"].append("a limit of memory")
        if not untrapped:
            self.told["active"].append(NO_DIFFERENTIATION)

    def _tried(self, ways: Sequence[tuple[str, derivatives.Way]]) -> list[tuple[str, bool]]:
        """Let a child try each way to differentiate; return its name and whether it was refused."""
        pids = [self._forked_to_try(way) for _, way in ways]
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
        refusals = (NOTHING, *(-number for number in TRAPPED))
        return [
            (name, code in refusals)
            for (name, _), code in zip(ways, codes, strict=True)
            if code != NOT_THERE
        ]

    def _forked_to_try(self, way: derivatives.Way) -> int:
        pid = os.fork()
        if pid == 0:
            code = DIFFERENTIATED
            try:
                signal.alarm(PATIENCE)
                if self._lock_down():
                    code = DIFFERENTIATED if derivatives.gives(way) else NOTHING
            except NotImplementedError:
                code = NOT_THERE
            finally:
                os._exit(code)
        return pid

    def _lock_down(self) -> bool:
        """Isolate this worker as the level says; tell whether that worked as it did for the probes.

        A jail's other layers are inherited.
        """
        if self.level == "process":
            with contextlib.suppress(OSError):  # the limit of memory, which is told to be missing
                lockdown.limit_resources(self._mapped)
            lockdown.forbid_processes()
            return True
        own = lockdown.lock_down(self._slot, self._filter).active
        return bool(list(own) == self.told["own"])

    def _examined(self) -> dict[str, Any]:
        """Lock a child down and let it try to break out; return its layers and what came of it."""
        told, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.dup2(tell, ANSWERS)
                os.closerange(ANSWERS + 1, 256)
                signal.alarm(PATIENCE)
                shared = lockdown.share(self._mapped)
                own = lockdown.lock_down(0, self._filter)
                seen = {
                    "shared": shared.active,
                    "own": own.active,
                    "active": [*shared.active, *own.active],
                    "missing": [*shared.missing, *own.missing],
                    "probes": probes.run(),
                }
                worker.send(ANSWERS, json.dumps(seen).encode())
            finally:
                os._exit(0)
        os.close(tell)
        with os.fdopen(told, "rb") as pipe:
            text = pipe.read()
        os.waitpid(pid, 0)
        nothing = {"active": [], "missing": ["a child that can be locked down"], "probes": []}
        return dict(json.loads(text)) if text else nothing

    def fork(self, descriptors: list[int], control: socket.socket) -> int:
        """Fork a worker that has these three descriptors and no others; return its pid."""
        self._slot += 1
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                control.close()
                self._become_worker(*descriptors)
                status = 0
            finally:
                os._exit(status)
        for descriptor in descriptors:
            os.close(descriptor)
        self._children.add(pid)
        return pid

    def _become_worker(self, requests: int, answers: int, output: int) -> None:
        # First out of the way of the numbers that they are to have.
        moved = [
            os.dup(descriptor) for descriptor in (self._null, output, output, requests, answers)
        ]
        moved = [_above(descriptor, ANSWERS) for descriptor in moved]
        for number, descriptor in enumerate(moved):
            os.dup2(descriptor, number)
        os.closerange(ANSWERS + 1, 256)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        if not self._lock_down():
            return  # without a word: the trusted side takes that for its own fault
        worker.send(ANSWERS, HELLO)
        worker.serve(REQUESTS, ANSWERS)

    def reap(self, pid: int) -> int:
        """Kill a child and return its wait status; it can be no other process: only we wait."""
        self._children.discard(pid)
        done, status = os.waitpid(pid, os.WNOHANG)
        if done == 0:
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
        return status

    def reap_all(self) -> None:
        """Leave no child behind."""
        for pid in tuple(self._children):
            self.reap(pid)


def _above(descriptor: int, number: int) -> int:
    """Return a descriptor of the same file that is greater than `number`."""
    while descriptor <= number:
        descriptor = os.dup(descriptor)
    return descriptor


def obey(control: socket.socket, jailer: Jailer) -> None:
    """Fork and reap as told, one message a line, until the other side closes."""
    buffer, waiting = b"", []
    while True:
        piece, descriptors, _, _ = socket.recv_fds(control, 4096, 3)
        if not piece:
            return
        buffer += piece
        waiting += descriptors
        *messages, buffer = buffer.split(b"\n")
        for message in messages:
            word, _, number = message.partition(b" ")
            if word == b"fork":
                answer = jailer.fork(waiting[:3], control)
                del waiting[:3]
            else:
                answer = jailer.reap(int(number))
            control.sendall(b"%d\n" % answer)


def prepare() -> None:
    """Bring into memory what workers need: they cannot read files any more."""
    torch.set_num_threads(1)
    # Asked for now: the first kernel would look into /proc for it, which a worker cannot.
    torch.backends.cpu.get_cpu_capability()
    torch.backends.mkldnn.set_flags(False)  # type: ignore[no-untyped-call]
    # TorchScript's other executor asks of each operator whether it can be differentiated.
    torch._C._jit_set_profiling_mode(False)
    preload.everything()
    sys.meta_path.append(guard.MISSING)


def serve(
    control: socket.socket,
    isolation: str,
    untrapped: str,
    ways: Sequence[tuple[str, derivatives.Way]],
) -> None:
    """Obey until the other side closes; then leave no child behind."""
    jailer = Jailer(isolation, untrapped, ways)
    worker.prepare()
    gc.freeze()  # a worker that looks for garbage would copy every page that has an object on it
    # The other side may be gone at any moment: it has been interrupted, or it is done.
    with contextlib.suppress(ConnectionError):
        control.sendall(json.dumps({"level": jailer.level, **jailer.told}).encode() + b"\n")
        obey(control, jailer)
    jailer.reap_all()


def without_differentiation(cache: str) -> str:
    """Take differentiation out of this process; return why that could not be done, if so."""
    try:
        trap.install(no_autograd.refuse, Path(cache) if cache else None)
    except (OSError, ValueError) as error:
        return str(error) or type(error).__name__
    return ""


def forget_package() -> None:
    """Take this package out of what can be imported. No module of it is for submissions, and a file
    of theirs may have its name. From here on it imports nothing of itself.
    """
    package = __package__.partition(".")[0]
    sys.path.remove(str(Path(__file__).parents[1]))
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]


def main(isolation: str, cache: str, tried: str) -> None:
    """Get ready, and serve the socket of descriptor 3."""
    forget_package()
    # Ctrl-C reaches the whole group of the terminal; the grader decides what becomes of us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare()
    untrapped = without_differentiation(cache)
    ways = derivatives.WAYS if tried == "all" else derivatives.few()
    serve(socket.socket(fileno=3), isolation, untrapped, ways)
