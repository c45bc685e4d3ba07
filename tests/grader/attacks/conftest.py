"""What the tests of the attacks share: a server that nobody may talk to."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

CANARY_PORT = 47811
"""Nothing tells an attack this port: those that try it know it from here, as a constant."""

PATIENCE = 600
"""Seconds to wait for another run of these tests on the same machine."""


def _server() -> socket.socket:
    """Return a listening socket, as soon as no other run of these tests has the port."""
    for _ in range(PATIENCE):
        with contextlib.suppress(OSError):
            return socket.create_server(("127.0.0.1", CANARY_PORT))
        time.sleep(1)
    return socket.create_server(("127.0.0.1", CANARY_PORT))


class Canary:
    """A TCP and a UDP socket on the loopback interface that remember being talked to."""

    def __init__(self) -> None:
        self._tcp = _server()
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", CANARY_PORT))
        for listening in (self._tcp, self._udp):
            listening.setblocking(False)

    def close(self) -> None:
        """Stop listening."""
        self._tcp.close()
        self._udp.close()

    def calls(self) -> int:
        """Return how often somebody has connected or sent something since the last time."""
        count = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                self._tcp.accept()[0].close()
                count += 1
        with contextlib.suppress(BlockingIOError):
            while True:
                self._udp.recv(1)
                count += 1
        return count


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    """A server that nobody may talk to."""
    listening = Canary()
    yield listening
    listening.close()
