"""The zygote: a process that has imported torch and forks a worker whenever it is asked to.

It is executed by path in a fresh interpreter, with an empty environment, so that nothing of the
grader (references, hidden tests, seeds) is in the memory that its children inherit. It never runs
student code itself.

It is told what to do by short lines on the socket of descriptor 3:

    fork        with three descriptors: requests, answers, output  ->  the child's pid
    reap PID    kill the child if it still runs                    ->  its wait status
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import torch
import torch.func
import torch.nn.functional

if TYPE_CHECKING:
    from grader.sandbox import lockdown, worker
else:
    import lockdown
    import worker

# No file beside this one is for submissions to import.
del sys.path[0]

# Modules that submissions may import: torch imports some of its own lazily, and a child cannot read
# files any more.
for name in ("math", "typing", "collections", "functools", "itertools", "random", "dataclasses"):
    __import__(name)


def child(descriptors: list[int], control: socket.socket) -> None:
    """Become a worker: these three descriptors and no others."""
    control.close()
    requests, answers, output = descriptors
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for descriptor in (null, output):
        os.close(descriptor)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    lockdown.lock_down()
    worker.serve(requests, answers)


def fork(descriptors: list[int], control: socket.socket) -> int:
    """Fork a worker and return its pid."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            child(descriptors, control)
            status = 0
        finally:
            sys.stdout.flush()
            os._exit(status)
    for descriptor in descriptors:
        os.close(descriptor)
    return pid


def reap(pid: int) -> int:
    """Kill a child and return its wait status; it cannot be another process: only we wait."""
    done, status = os.waitpid(pid, os.WNOHANG)
    if done == 0:
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    return status


def serve(control: socket.socket) -> None:
    """Obey until the other side closes; then leave no child behind."""
    children: set[int] = set()
    control.sendall(b"ready\n")
    while True:
        try:
            message, descriptors, _, _ = socket.recv_fds(control, 64, 3)
        except (ConnectionError, InterruptedError):
            break
        words = message.split()
        if not words:
            break
        if words[0] == b"fork":
            pid = fork(descriptors, control)
            children.add(pid)
            control.sendall(b"%d\n" % pid)
        elif words[0] == b"reap":
            pid = int(words[1])
            children.discard(pid)
            control.sendall(b"%d\n" % reap(pid))
    for pid in children:
        reap(pid)


if __name__ == "__main__":
    # Ctrl-C reaches the whole group of the terminal; the grader decides what becomes of us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    torch.backends.mkldnn.set_flags(False)  # type: ignore[no-untyped-call]
    serve(socket.socket(fileno=3))
    os._exit(0)
