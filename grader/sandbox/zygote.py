"""The zygote: a process that has imported torch and forks a worker whenever it is asked to.

It is executed by path in a fresh interpreter, with an empty environment, so that nothing of the
grader (references, hidden tests, seeds) is in the memory that its children inherit. It never runs
student code itself.

Its argument is the isolation to give: `jail`, `process`, or `best`. It tells what it can give in a
line of JSON on the socket of descriptor 3, and then does what it is told by short messages there:

    fork        with three descriptors: requests, answers, output  ->  the child's pid
    reap PID    kill the child if it still runs                    ->  its wait status
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import torch
import torch.func
import torch.nn.functional

if TYPE_CHECKING or __package__:
    from grader.sandbox import lockdown, probes, worker
else:  # in the sandbox there is no package: these files are run by path
    import lockdown
    import probes
    import worker

# No file beside this one is for submissions to import, and a file of theirs may have its name.
for path in Path(sys.path.pop(0)).glob("*.py"):
    if path.stem != __name__:
        sys.modules.pop(path.stem, None)

# Modules that submissions may import: torch imports some of its own lazily, and a worker cannot
# read files any more.
LIBRARY = (
    "encodings.ascii encodings.latin_1 collections dataclasses functools itertools math numbers "
    "operator random typing"
)
for name in LIBRARY.split():
    __import__(name)

REQUESTS, ANSWERS = 3, 4
ESSENTIAL = ("resource limits", "no new privileges", "seccomp")
HELLO = b"+"
TRIVIA = "trivia: "
MOST_TOLD = 20
PATIENCE = 20
"""Seconds that a child may take to try every way out."""


def holds(told: dict[str, Any]) -> bool:
    """Tell whether a child was locked down and could not get out; note how it could."""
    escapes = [name for name, refused in told["probes"] if not refused and TRIVIA not in name]
    told["missing"] = [*told["missing"], *(f"refusal of '{name}'" for name in escapes)]
    layers = all(layer in told["active"] for layer in ESSENTIAL)
    return layers and bool(told["probes"]) and not escapes


class Jailer:
    """Forks workers and locks them down, each in the same way."""

    def __init__(self, isolation: str) -> None:
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
        if self.level == "process":
            self.told["active"] = ["resource limits"]
            self.told["missing"] = self.told["missing"][:MOST_TOLD] or ["the jail: not asked for"]
            if not self._mapped:
                self.told["missing"].append("a limit of memory")

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


def serve(control: socket.socket, isolation: str) -> None:
    """Obey until the other side closes; then leave no child behind."""
    jailer = Jailer(isolation)
    # The other side may be gone at any moment: it has been interrupted, or it is done.
    with contextlib.suppress(ConnectionError):
        control.sendall(json.dumps({"level": jailer.level, **jailer.told}).encode() + b"\n")
        obey(control, jailer)
    jailer.reap_all()


if __name__ == "__main__":
    # Ctrl-C reaches the whole group of the terminal; the grader decides what becomes of us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    # Asked for now: the first kernel would look into /proc for it, which a worker cannot.
    torch.backends.cpu.get_cpu_capability()
    torch.backends.mkldnn.set_flags(False)  # type: ignore[no-untyped-call]
    serve(socket.socket(fileno=3), sys.argv[1])
    os._exit(0)
