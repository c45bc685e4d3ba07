"""A limit on this process's own processor time, for what a submission may make slow."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def processor_time(seconds: float, error: Exception) -> Iterator[None]:
    """Raise an error as soon as what is done here has taken so many seconds of processor time.

    Nothing is limited where the system has no such timer, and outside of the main thread.
    """
    main = threading.current_thread() is threading.main_thread()
    if not (main and hasattr(signal, "setitimer")):
        yield
        return

    def over(*_: object) -> None:
        raise error

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
