"""What students leave running beside their editor: watch."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

import click

from grader.commands.basics import EXIT_INFRASTRUCTURE, explained, import_torch, leave, stop
from grader.commands.common import check_corpus, console, corpus_option, default_exercises
from grader.errors import Interrupted, SandboxError, UnreadableSubmission

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from grader.course.catalogue import Task
    from grader.render.live import Screen, View
    from grader.submission import Submission
    from grader.watch import Bench

SHOWN = ("ex1", "ex2", "ex3")
"""The exercises that are answered in a blink; training takes longer."""

OFTEN = 0.05
"""Seconds between two pictures of how far a check is."""

SAVED, RESIZED = "saved", "resized"
ARROWS = {b"\x1b[C": "n", b"\x1b[B": "n", b"\x1b[D": "p", b"\x1b[A": "p"}


@click.command()
@click.option("--path", type=click.Path(path_type=Path), help="What to watch (default: exercises).")
@click.option("--all", "everything", is_flag=True, help="Every exercise, not only 1 to 3.")
@corpus_option
@click.option("--once", is_flag=True, help="Check once and end, for scripts.")
def watch(path: Path | None, everything: bool, corpus: str, once: bool) -> None:
    """Check your exercises whenever you save one, and show where to go on.

    Ctrl-C or q ends it. Without a terminal it prints one block for every save.
    """
    from grader.course.catalogue import course

    with explained():
        check_corpus(corpus)
    tasks = [t for t in course().tasks if everything or t.exercise.key in SHOWN]
    place = path or default_exercises()
    code = 0
    if console().is_terminal:
        click.echo("starting ...")
    from grader.sandbox.host.zygote import Zygote

    # It imports torch while this process does so too.
    zygote = Zygote("best") if hasattr(os, "fork") else None
    import_torch()
    from grader.watch import Bench

    bench = Bench(place, course(), tasks, corpus, zygote)
    try:
        if once:
            with explained():
                _once(bench)
        else:
            code = _follow(bench)
    finally:
        bench.close()
    if once:
        faults = [t.full_name for t in bench.results.values() if t.status == "infrastructure"]
        if faults:
            stop(EXIT_INFRASTRUCTURE, f"the grader failed on {', '.join(faults)}")
        leave()
    if code:  # at once, as `leave` does
        sys.stdout.flush()
        os._exit(code)
    leave()


def _once(bench: Bench) -> None:
    session = Session(bench, SimpleQueue())
    session.renew(bench.read(time.sleep))
    session.show()


def _follow(bench: Bench) -> int:
    """Check and show until someone ends it; return the exit code."""
    from grader.watch import Saves

    events: SimpleQueue[str] = SimpleQueue()
    saves = Saves(bench.path, lambda: events.put(SAVED))
    session = Session(bench, events)
    try:
        saves.start()
        with ended_by_signals() as ended, terminal(session):
            try:
                session.run()
            except (KeyboardInterrupt, Interrupted):
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # once is enough
        session.farewell()
    finally:
        saves.end()
    return 128 + ended[0] if ended else 0


# The terminal


@contextlib.contextmanager
def ended_by_signals() -> Iterator[list[int]]:
    """Let SIGTERM and SIGHUP end this as Ctrl-C does; yield a list that tells of them."""
    told: list[int] = []

    def end(number: int, frame: object) -> None:
        told.append(number)
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)
    yield told


@contextlib.contextmanager
def terminal(session: Session) -> Iterator[None]:
    """Give a session a screen and keys, where there is a terminal for both."""
    screen = console()
    try:
        import termios
        import tty
    except ImportError:
        yield
        return
    if not (sys.stdin.isatty() and screen.is_terminal) or screen.is_dumb_terminal:
        yield
        return
    from grader.render.live import Screen

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def suspended(number: int, frame: object) -> None:
        """Ctrl-Z: leave the terminal to the shell, and take it again when this goes on."""
        own.close()
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        os.kill(os.getpid(), signal.SIGSTOP)
        tty.setcbreak(descriptor)
        own.open()
        session.events.put(RESIZED)

    own = Screen(screen)
    keys = Keys(descriptor, session.events.put)
    try:
        tty.setcbreak(descriptor)
        signal.signal(signal.SIGTSTP, suspended)
        signal.signal(signal.SIGWINCH, lambda number, frame: session.events.put(RESIZED))
        with own:
            session.screen = own
            keys.start()
            yield
    finally:
        keys.end()
        session.screen = None
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


class Keys(threading.Thread):
    """Tells of keys that are pressed. `q` interrupts, so that it ends a check that hangs, too."""

    def __init__(self, descriptor: int, tell: Callable[[str], None]) -> None:
        super().__init__(name="keys", daemon=True)
        self._descriptor = descriptor
        self._tell = tell
        self._wake, self._woken = os.pipe()

    def run(self) -> None:
        """Read keys until `end` is called or the terminal is gone."""
        while True:
            ready, _, _ = select.select([self._descriptor, self._wake], [], [])
            if self._wake in ready:
                return
            try:
                pressed = os.read(self._descriptor, 64)
            except OSError:
                pressed = b""
            keys = ARROWS.get(pressed) or (
                "" if pressed[:1] == b"\x1b" else pressed.decode("latin1")
            )
            if not pressed or "q" in keys.lower():
                main = threading.main_thread().ident
                signal.pthread_kill(main or 0, signal.SIGINT)
                return
            for key in keys.lower():
                self._tell(key)

    def end(self) -> None:
        """Stop reading, and wait until it has."""
        os.write(self._woken, b".")
        if self.is_alive():
            self.join(5)


# The session


@dataclass
class Session:
    """What is shown, and what changes it: saves and keys, one after the other."""

    bench: Bench
    events: SimpleQueue[str]
    screen: Screen | None = None
    here: Task | None = None
    problem: str = ""
    status: str = ""
    listing: bool = False
    picture: RenderableType | None = None
    checked: int = 0
    _saved: bool = False
    _drawn_at: float = 0.0
    _plain: Console = field(default_factory=console)

    def run(self) -> None:
        """Check now and after every save, and obey keys."""
        self.status = "starting"
        if self.screen:
            self.show()
        self._check()
        while True:
            if not self._saved:
                self._take(self.events.get())
            if self._saved:
                self._check()

    def _take(self, event: str) -> None:
        """Note a save; obey a key at once."""
        if event == SAVED:
            self._saved = True
        elif self.screen:
            self._obey(event)
            self.show()

    def _drain(self) -> None:
        while not self.events.empty():
            self._take(self.events.get())

    # Saves

    def _check(self) -> None:
        """Grade what was saved, and show it. A save that comes meanwhile is graded next."""
        self._saved = False
        try:
            self.renew(self.bench.read(time.sleep))
        except UnreadableSubmission as error:
            self.problem, self.status = str(error), "waiting for it"
        except SandboxError as error:
            self.problem, self.status = f"the sandbox does not work: {error}", "r runs again"
        self.show()

    def renew(self, found: Submission) -> None:
        """Grade a submission: what was edited first, and show each step on a screen."""
        started = time.monotonic()
        if self.screen and self.bench.results:
            self.status = "checking"
            self.show()
        self.problem, self.picture, self.checked = "", None, 0
        here = self.here.full_name if self.here else None
        first = True
        at = time.strftime("%H:%M:%S")
        for step in self.bench.check(found, here, self._advance):
            self._move(step, first)
            first = False
            self.status = f"saved {at}, checked in {time.monotonic() - started:.2f} s"
            if self.screen:
                self.show()
            self._drain()
            if self._saved:
                return  # what is left is stale, and is found to be so again
        if not self.checked:
            self.status = f"saved {at}, nothing changed in what is checked here"
            self._move([], first)

    def _advance(self, task: Task) -> None:
        """Between two tasks: say how far it is, and obey keys."""
        self.checked += 1
        if self.screen:
            self.status = f"checking {task.full_name}"
            self._drain()
            if time.monotonic() - self._drawn_at > OFTEN:
                self.show()

    def _is_done(self, task: Task) -> bool:
        result = self.bench.of(task)
        return result is not None and result.status == "passed"

    def _move(self, step: list[Task], first: bool) -> None:
        """Go to where the student works: on from a task that is done now, and to an edited one."""
        from grader import hints

        if self.here is None:
            kept = hints.place()
            self.here = next((t for t in self.bench.tasks if t.full_name == kept), None)
        if self.here is None or (self._is_done(self.here) and self.here in step):
            self._go(self.bench.first_unfinished() or self.here or self.bench.tasks[-1])
        elif first and self.bench.own and self.here not in self.bench.own:
            wrong = [task for task in self.bench.own if not self._is_done(task)]
            if wrong:
                self._go(wrong[0])

    def _go(self, task: Task) -> None:
        from grader import hints

        self.here = task
        hints.remember_place(task.full_name)

    # Keys

    def _obey(self, key: str) -> None:
        self.picture = None
        if key in ("n", "p") and self.here is not None:
            tasks = self.bench.tasks
            place = list(tasks).index(self.here) + (1 if key == "n" else -1)
            self._go(tasks[place % len(tasks)])
        elif key == "h" and self.here is not None:
            from grader import hints

            hints.show(self.here.full_name)  # the one on the screen has been seen
            hints.show(self.here.full_name, more=True)
        elif key == "l":
            self.listing = not self.listing
        elif key == "d":
            self.picture = self._drawn()
        elif key == "r":
            self.bench.forget()
            self._saved = True

    def _drawn(self) -> RenderableType:
        """Return a picture of the current task's answer."""
        from grader import pictures

        bench = self.bench
        if self.here is None or bench.submission is None or bench.zygote is None:
            return "There is nothing to draw yet."
        try:
            return pictures.draw_terminal(self.here, bench.submission, bench.zygote)
        except Exception as error:  # a picture is an extra: whatever fails in it, watching goes on
            return f"The picture cannot be drawn: {error}"

    # What is shown

    def show(self) -> None:
        """Show the state: on the screen, or as a block of lines."""
        from grader.render import live

        self._drawn_at = time.monotonic()
        if self.screen:
            self.screen.show(self._view())
        else:
            live.block(self._view(), self._plain)
            sys.stdout.flush()

    def farewell(self) -> None:
        """Leave the last state of things in the terminal, after a screen that is gone."""
        if self._plain.is_terminal and self.bench.results:
            from grader.render import live

            tasks = [r for t in self.bench.tasks if (r := self.bench.of(t))]
            self._plain.print(live.progress(tasks))
            if self.here is not None and not self._is_done(self.here):
                self._plain.print(f"next: {self.here.full_name}", markup=False)

    def _view(self) -> View:
        from grader import hints
        from grader.render.live import View

        bench, here = self.bench, self.here
        tasks = tuple(result for task in bench.tasks if (result := bench.of(task)))
        problems = [self.problem] if self.problem else []
        problems += bench.failures
        problems += [f"{name} is gone: waiting for it to come back" for name in bench.missing()]
        name = here.full_name if here else ""
        return View(
            name=bench.path.name,
            tasks=tasks,
            current=bench.of(here) if here else None,
            needs=bench.needs(here) if here else (),
            hint=(hints.next_hint(name), *hints.position(name)) if here else ("", 0, 0),
            moved=bench.moved,
            problems=tuple(problems),
            status=self.status,
            listing=self.listing,
            picture=self.picture,
        )
