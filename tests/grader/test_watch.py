"""Watch mode as a student meets it: in a terminal of its own, through a pipe, and once."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time

import pytest

from grader.course.catalogue import course
from grader.options import ROOT
from grader.sandbox.guest.source import parse

pty = pytest.importorskip("pty", reason="watch mode has keys where there are terminals")
termios = pytest.importorskip("termios")

PATIENCE = 60.0
"""Seconds after which something that was waited for is taken for missing."""

COMMAND = (sys.executable, "-m", "grader.cli", "watch")
IN_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)
"""What makes its standard input the terminal that Ctrl-C comes from."""

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A command in a pseudo-terminal: what it shows, and keys for it."""

    def __init__(self, *arguments, cwd, rows=40, columns=80, **environment):
        self.ours, self.theirs = pty.openpty()
        termios.tcsetwinsize(self.theirs, (rows, columns))
        self.before = termios.tcgetattr(self.theirs)
        self.shown, self.place = "", 0
        self.process = subprocess.Popen(
            [sys.executable, "-c", IN_TERMINAL, *COMMAND, *map(str, arguments)],
            cwd=cwd,
            env={**_environment(cwd), "TERM": "xterm-256color", **environment},
            stdin=self.theirs,
            stdout=self.theirs,
            stderr=self.theirs,
            start_new_session=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)

    def _read(self, seconds):
        ready, _, _ = select.select([self.ours], [], [], seconds)
        if ready:
            self.shown += os.read(self.ours, 1 << 16).decode("utf-8", "replace")
        return bool(ready)

    def wait(self, *texts):
        """Return once each of these texts has been shown since the last wait."""
        end = time.monotonic() + PATIENCE
        while True:
            fresh = _squeezed(ESCAPES.sub("", self.shown[self.place :]))
            if all(_squeezed(text) in fresh for text in texts):
                self.place = len(self.shown)
                return fresh
            if self.process.poll() is not None and not self._read(0):
                raise AssertionError(f"it ended before {texts}:\n{fresh[-4000:]}")
            assert time.monotonic() < end, f"no {texts} in:\n{fresh[-4000:]}"
            self._read(0.2)

    def press(self, keys):
        """Press keys."""
        os.write(self.ours, keys.encode())

    def end(self):
        """Wait for the end and return the exit code, once all that was shown is read."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < end, self.shown[-4000:]
            self._read(0.2)
        while self._read(0):
            pass
        return self.process.returncode


def _squeezed(text):
    """Return a text without what depends on where its lines are broken."""
    return " ".join(text.split())


def _environment(cwd):
    own = {"BACKPROP_NINJA_STATE": str(cwd / "state.json"), "PYTHONPATH": str(ROOT)}
    # The size of the pseudo-terminal counts, not one that the environment tells of another.
    inherited = {k: v for k, v in os.environ.items() if k not in ("LINES", "COLUMNS")}
    return {**inherited, **own}


@pytest.fixture
def exercises(tmp_path):
    """A copy of the untouched exercises 1 to 3."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for exercise in course().exercises[:3]:
        shutil.copy(ROOT / "exercises" / exercise.file, folder)
    return folder


@pytest.fixture
def watching(exercises, tmp_path):
    """Watch mode on these exercises, with the first screen shown."""
    with Terminal("--path", exercises, cwd=tmp_path) as terminal:
        terminal.wait("0/28", "ex1.dlogprobs", "hint 1 of", "checked in")
        yield terminal


def answered(path, *names):
    """Return the text of a file of stubs in which these functions are those of the solutions."""
    right = (ROOT / "solutions" / path.name).read_text(encoding="utf-8")
    answers = {name: b for _, b in parse.blocks(right) for name in names if _defines(b, name)}
    blocks = [block for _, block in parse.blocks(path.read_text(encoding="utf-8"))]
    for name, answer in answers.items():
        blocks = [answer if _defines(block, name) else block for block in blocks]
    return "".join(blocks)


def _defines(block, name):
    return block.startswith(f"def {name}(")


def descendants(pid):
    """Return the processes that a process has started, and those that they have."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            children = [int(child) for child in file.read().split()]
    except FileNotFoundError:
        return []
    return children + [found for child in children for found in descendants(child)]


def alive(pid):
    """Tell whether a process runs, or has not been reaped by whoever started it."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_right_answer_moves_the_bar_and_the_student(watching, exercises):
    """A save is graded: the task passes, and the next one is shown with its hint."""
    path = exercises / "ex1_backward.py"
    path.write_text(answered(path, "dlogprobs"), encoding="utf-8")
    watching.wait("1/28", "now right: ex1.dlogprobs", "ex1.dprobs  to do", "hint 1 of")


def test_a_wrong_answer_is_compared_explained_and_named(watching, exercises):
    """A wrong answer has the row of cmp, a message and, where it is known, a diagnosis."""
    path = exercises / "ex1_backward.py"
    body = "    g = torch.zeros_like(logprobs)\n    g[range(len(Yb)), Yb] = 1.0 / len(Yb)\n"
    text = path.read_text(encoding="utf-8")
    text = text.replace("    raise NotImplementedError\n", f"{body}    return g\n", 1)
    path.write_text(text, encoding="utf-8")
    watching.wait("ex1.dlogprobs  failed", "exact: no | approx: no | maxdiff: 6.2e-02", "The minus")


def test_a_syntax_error_is_told_and_survived(watching, exercises):
    """What does not parse is named with file and line, wherever it stands; then work goes on."""
    path = exercises / "ex1_backward.py"
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace("def dlogprobs(", "def dlogprobs((", 1), encoding="utf-8")
    watching.wait("SyntaxError", "ex1_backward.py, line")
    path.write_text(whole + "\nx = = 3\n", encoding="utf-8")
    watching.wait("SyntaxError: invalid syntax")
    path.write_text("", encoding="utf-8")
    watching.wait("there is no function dlogprobs")
    path.write_bytes(b"\xff\xfe no text")
    watching.wait("is not UTF-8")
    path.write_text(whole, encoding="utf-8")
    path.write_text(answered(path, "dlogprobs"), encoding="utf-8")
    assert "SyntaxError" not in watching.wait("1/28", "ex1.dprobs  to do").rpartition("1/28")[2]


def test_an_editor_that_replaces_the_file_is_followed(watching, exercises):
    """A file that another one takes the place of, twice in a row, is a save like any other."""
    path = exercises / "ex1_backward.py"
    for names, told in ((["dlogprobs"], "1/28"), (["dlogprobs", "dprobs"], "2/28")):
        fresh = exercises / ".ex1_backward.py.swp"
        fresh.write_text(answered(path, *names), encoding="utf-8")
        fresh.replace(path)
        watching.wait(told)


def test_only_what_was_saved_is_graded_again(watching, exercises):
    """The results of files with the same bytes are kept, whatever else is saved."""
    path = exercises / "ex2_cross_entropy.py"
    path.write_text(answered(path, "dlogits"), encoding="utf-8")
    shown = watching.wait("1/28", "now right: ex2.dlogits", "checked in")
    assert "checking ex1" not in shown
    path.touch()
    watching.wait("nothing changed in what is checked here")


def test_a_file_and_a_folder_may_go_and_come_back(watching, exercises, tmp_path):
    """Deleted things are waited for; what is saved in their place is graded."""
    path = exercises / "ex1_backward.py"
    text = answered(path, "dlogprobs")
    path.unlink()
    watching.wait("ex1_backward.py is gone: waiting for it to come back")
    path.write_text(text, encoding="utf-8")
    watching.wait("1/28")
    exercises.rename(tmp_path / "elsewhere")
    watching.wait("there is no such file or folder", "waiting for it")
    shutil.copytree(tmp_path / "elsewhere", exercises)
    watching.wait("1/28", "ex1.dprobs  to do")
    path.write_text(answered(path, "dprobs"), encoding="utf-8")
    watching.wait("2/28")


def test_keys_lead_through_the_tasks_and_the_place_is_remembered(exercises, tmp_path):
    """n, p, h, l, d, r and q do what the last line says, and a restart begins where it was left."""
    with Terminal("--path", exercises, cwd=tmp_path) as terminal:
        terminal.wait("n next  p previous", "ex1.dlogprobs", "hint 1 of", "checked in")
        terminal.press("n")
        terminal.wait("ex1.dprobs  to do")
        terminal.press("n")
        terminal.wait("ex1.dcounts_sum_inv  to do", "needs first: ex1.dprobs")
        terminal.press("p")
        terminal.wait("ex1.dprobs  to do", "hint 1 of")
        terminal.press("h")
        terminal.wait("hint 2 of")
        terminal.press("l")
        terminal.wait("dembcat", ">", "ex3")
        terminal.press("l")
        terminal.wait("ex1.dprobs  to do")
        terminal.press("r")
        terminal.wait("checking", "checked in")
        terminal.press("q")
        assert terminal.end() == 0
        assert "next: ex1.dprobs" in terminal.shown
        assert termios.tcgetattr(terminal.theirs) == terminal.before
    state = json.loads((tmp_path / "state.json").read_text(encoding="utf-8"))
    assert state == {"hints": {"ex1.dprobs": 2}, "place": "ex1.dprobs"}
    with Terminal("--path", exercises, cwd=tmp_path, NO_COLOR="1") as terminal:
        terminal.wait("ex1.dprobs  to do", "hint 2 of")
        assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", terminal.shown)


def test_pictures_are_drawn_where_there_is_a_module_for_them(watching):
    """d never ends the session, whether there are pictures or not."""
    watching.press("d")
    watching.wait("0/28")
    watching.press("l")
    watching.wait("dembcat")


@pytest.mark.parametrize("how", ["key", "SIGTERM"])
def test_an_interrupt_leaves_a_sane_terminal_and_no_process(watching, how):
    """Ctrl-C ends it with the terminal as it was and every process gone; so does SIGTERM."""
    started = descendants(watching.process.pid)
    assert started
    if how == "key":
        watching.press("\x03")
    else:
        watching.process.send_signal(signal.SIGTERM)
    assert watching.end() == (0 if how == "key" else 128 + signal.SIGTERM)
    assert termios.tcgetattr(watching.theirs) == watching.before
    assert watching.shown.count("\x1b[?1049h") == watching.shown.count("\x1b[?1049l") == 1
    assert watching.shown.rindex("\x1b[?25h") > watching.shown.rindex("\x1b[?25l")
    assert not [pid for pid in started if alive(pid)]
    assert "Traceback" not in watching.shown


def test_a_function_that_hangs_can_be_interrupted(watching, exercises):
    """q works while a check is waiting for an answer."""
    path = exercises / "ex1_backward.py"
    text = path.read_text(encoding="utf-8")
    hangs = text.replace("    raise NotImplementedError\n", "    while True: pass\n")
    path.write_text(hangs, encoding="utf-8")
    watching.wait("checking")
    started = descendants(watching.process.pid)
    watching.press("q")
    assert watching.end() == 0
    assert not [pid for pid in started if alive(pid)]
    assert termios.tcgetattr(watching.theirs) == watching.before


def test_a_screen_never_exceeds_its_terminal(exercises, tmp_path):
    """In a small terminal lines are cut and counted, and the keys stay in sight."""
    with Terminal("--path", exercises, cwd=tmp_path, rows=6, columns=60) as terminal:
        terminal.wait("0/28", "checked in")
        terminal.press("l")
        terminal.wait("more lines: make the window higher", "n next")
        for frame in re.findall(r"\x1b\[\?2026h(.*?)\x1b\[\?2026l", terminal.shown, re.DOTALL):
            lines = ESCAPES.sub("", frame).split("\r\n")
            assert len(lines) <= 6
            assert max(map(len, lines)) < 60


def test_through_a_pipe_there_is_one_block_for_every_save(exercises, tmp_path):
    """Without a terminal there are plain lines of at most 80 columns, and no keys are needed."""
    out = tmp_path / "out.txt"
    with (
        out.open("wb") as file,
        subprocess.Popen(
            [*COMMAND, "--path", exercises],
            cwd=tmp_path,
            env=_environment(tmp_path),
            stdin=subprocess.DEVNULL,
            stdout=file,
        ) as running,
    ):
        try:
            _written(out, "0/28", running)
            path = exercises / "ex1_backward.py"
            path.write_text(answered(path, "dlogprobs"), encoding="utf-8")
            text = _written(out, "ex1.dprobs  to do", running)
        finally:
            running.send_signal(signal.SIGINT)
    assert running.returncode == 0
    assert text.count("--- mine") == 2
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert "q quit" not in text


def _written(out, told, running):
    """Return what a command has written once it has told something."""
    end = time.monotonic() + PATIENCE
    while told not in (text := out.read_text(encoding="utf-8")):
        assert running.poll() is None, text
        assert time.monotonic() < end, text
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(0.1)
    return text


@pytest.mark.parametrize(("name", "code"), [("mine", 0), ("nowhere", 3)])
def test_once_checks_and_ends(exercises, tmp_path, name, code):
    """--once is for scripts: one block, an exit code, and an error for what is not there."""
    path = exercises / "ex3_batchnorm.py"
    path.write_text(answered(path, "dhprebn"), encoding="utf-8")
    done = subprocess.run(
        [*COMMAND, "--once", "--path", tmp_path / name],
        cwd=tmp_path,
        env=_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert ("1/28" in done.stdout) == (code == 0)
    assert ("there is no such file or folder" in done.stderr) == (code == 3)


def test_one_file_can_be_watched(exercises, tmp_path):
    """A path may be a single file, even if an editor puts another one in its place."""
    path = exercises / "ex1_backward.py"
    with Terminal("--path", path, cwd=tmp_path) as terminal:
        terminal.wait("0/26", "checked in")
        fresh = exercises / "fresh"
        fresh.write_text(answered(path, "dlogprobs"), encoding="utf-8")
        fresh.replace(path)
        terminal.wait("1/26")
