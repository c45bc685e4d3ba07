"""Reading a submission takes bounded work, and in a cohort it happens somewhere else."""

# The expected value comes first in a comparison.
# ruff: noqa: SIM300

from __future__ import annotations

import io
import json
import os
import signal
import struct
import subprocess
import sys
import tarfile
import threading
import zipfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cohort_on_paper as paper
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import submission
from grader.cohort import intake, ledger, reading, roster, schedule
from grader.course.vocabulary import vocabulary
from grader.deadline import processor_time
from grader.errors import UnreadableSubmission
from grader.notebook.reading import read as read_notebook
from grader.sandbox.guest.flat.names import Vocabulary
from grader.sandbox.guest.source.survey import survey

HONEST = b"def dprobs(probs, dlogprobs):\n    return dlogprobs / probs\n"
KNOWN = frozenset({"ex1_backward.py"})


def steps(call):
    """Return how many lines of Python a call executes, in the grader and in the library."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def refusal(path: Path) -> str:
    """Return the sentence with which a submission is refused."""
    with pytest.raises(UnreadableSubmission) as caught:
        submission.read(path, KNOWN)
    return str(caught.value).removeprefix(f"{path}: ")


def notebook(*sources, **more):
    """Return a notebook of code cells as JSON."""
    cells = [{"cell_type": "code", "source": source, "outputs": []} for source in sources]
    return json.dumps({"nbformat": 4, **more, "cells": cells}).encode()


def as_zip(path, entries, kind=zipfile.ZIP_DEFLATED):
    """Write a zip archive."""
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, text in entries:
            archive.writestr(name, text)
    return path


# Work


def test_the_folder_to_grade_is_found_in_steps_of_their_number(tmp_path):
    """Twice as many folders are twice as much work, and not four times."""
    few, many = (
        as_zip(tmp_path / f"{count}.zip", [(f"d{n}/x.py", b"x = 1\n") for n in range(count)])
        for count in (300, 600)
    )
    ratio = steps(lambda: submission.read(many)) / steps(lambda: submission.read(few))
    assert 1.5 < ratio < 2.5


@pytest.mark.parametrize("count", [500_000])
def test_a_key_that_is_there_twice_is_found_at_once(count):
    """Comparing each of half a million keys with each other one would take an hour."""
    keys = b", ".join(b'"key%d": 0' % number for number in range(count))
    with (
        processor_time(120, AssertionError("this takes more than linear work")),
        pytest.raises(UnreadableSubmission, match="'again' twice in one place"),
    ):
        read_notebook(b'{"nbformat": 4, ' + keys + b', "again": 0, "again": 1}', "work.ipynb")


def test_what_takes_more_memory_than_bytes_has_a_limit_of_its_own():
    """A million empty lists are 3 MB of notebook, and 60 MB as objects."""
    with pytest.raises(UnreadableSubmission, match="holds too much to be a notebook"):
        read_notebook(b'{"nbformat": 4, "x": [' + b"[]," * 600_000 + b"0]}", "work.ipynb")
    outputs = b'"outputs": [' + b"{}," * 600_000 + b"{}]"
    assert [cell.source for cell in read_notebook(
        notebook("x = 1").replace(b'"outputs": []', outputs), "work.ipynb"
    )] == ["x = 1"]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 400), st.integers(0, 60))
def test_a_damaged_archive_is_read_or_refused(tmp_path_factory, noise, at, length):
    """Any bytes in any place: never another exception, and never more work than for whole ones."""
    place = tmp_path_factory.mktemp("damaged")
    zipped = as_zip(place / "work.zip", [("ex1_backward.py", HONEST), ("n.ipynb", notebook("x"))])
    tarred = place / "work.tar"
    with tarfile.open(tarred, "w") as archive:
        info = tarfile.TarInfo("ex1_backward.py")
        info.size, info.pax_headers = len(HONEST), {"comment": "c" * 200}
        archive.addfile(info, io.BytesIO(HONEST))
    lone = place / "work.ipynb"
    lone.write_bytes(notebook("x = 1", "y = 2"))
    for path in (zipped, tarred, lone):
        raw = path.read_bytes()
        path.write_bytes(raw[:at] + noise + raw[at + length :])
        found = None

        def attempt(path=path):
            nonlocal found
            try:
                found = submission.read(path, KNOWN)
            except UnreadableSubmission as error:
                found = error

        assert steps(attempt) < 100_000
        assert found is not None


# Archives


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_is_not_unpacked_in_pieces_is_not_unpacked(tmp_path, kind):
    """Of bzip2 and LZMA the library unpacks a member whole, however large it may be."""
    path = as_zip(tmp_path / "work.zip", [("ex1_backward.py", HONEST)], kind)
    assert "'ex1_backward.py' is packed in a rare way; make a plain zip" == refusal(path)


def test_a_directory_is_measured_before_it_is_read(tmp_path, monkeypatch):
    """A hundred thousand entries do not become a hundred thousand objects."""
    path = as_zip(tmp_path / "work.zip", [("a", b"")])
    raw = path.read_bytes()
    start, end = raw.index(b"PK\1\2"), raw.index(b"PK\5\6")
    size = 100_000 * (end - start)
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFE, 0xFFFE, size, start, 0)
    path.write_bytes(raw[:start] + raw[start:end] * 100_000 + tail)
    made = []
    monkeypatch.setattr(zipfile, "ZipInfo", lambda *given: made.append(given))
    assert refusal(path).startswith("has more than 5000 entries")
    assert [] == made


def test_a_name_has_a_length(tmp_path):
    """No system has names of tens of thousands of characters, and notes would repeat them."""
    path = as_zip(tmp_path / "work.zip", [("a/" * 600 + "ex1_backward.py", HONEST)])
    assert "is longer than 1024 characters" in refusal(path)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"comment": "1" * 100_000}, "its headers are too large together"),
        (
            {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "1"},
            "it holds a file with holes (sparse)",
        ),
        ({"GNU.sparse.map": "0,1,2,3", "GNU.sparse.size": "1"}, "a file with holes (sparse)"),
    ],
    ids=["long", "sparse 1.0", "sparse 0.1"],
)
def test_extended_headers_of_a_tar_cannot_ask_for_more(tmp_path, headers, said):
    """Neither a text that is searched over and over, nor a map of holes without an end."""
    path = tmp_path / "work.tar"
    info = tarfile.TarInfo("ex1_backward.py")
    info.size, info.pax_headers = len(HONEST), headers
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(HONEST))
    assert said in refusal(path)


def test_notebooks_have_a_total(tmp_path, monkeypatch):
    """In an archive, in a folder, and side by side; what is read before the limit is not parsed."""
    monkeypatch.setattr(submission.Room.__init__, "__defaults__", (10_000, 10_000))
    text = notebook("x = 1", metadata={"padding": "p" * 4000})
    (tmp_path / "work").mkdir()
    for number in range(3):
        (tmp_path / "work" / f"n{number}.ipynb").write_bytes(text)
    path = as_zip(tmp_path / "work.zip", [(f"n{n}.ipynb", text) for n in range(3)])
    files = {each.name: each for each in (tmp_path / "work").iterdir()}
    assert "its notebooks have more than" in refusal(path)
    assert "its notebooks have more than" in refusal(tmp_path / "work")
    with pytest.raises(UnreadableSubmission, match="its notebooks have more than"):
        submission.read_together(files, "ada")
    assert ["n0.ipynb"] == list(submission.read(tmp_path / "work" / "n0.ipynb").files)


# Time


def test_reading_has_a_limit_of_processor_time(tmp_path, monkeypatch):
    """Whatever else makes it slow ends as a refusal that says so; nothing is left behind of it."""
    (tmp_path / "work.ipynb").write_bytes(notebook(*(["x = 1\n"] * 9000)))
    monkeypatch.setattr(submission, "MAX_SECONDS", 0.002)
    before = signal.getsignal(signal.SIGPROF)
    with pytest.raises(UnreadableSubmission, match=r"more than 0\.002 s of processor time"):
        submission.read_for_course(tmp_path / "work.ipynb")
    assert (before, (0.0, 0.0)) == (
        signal.getsignal(signal.SIGPROF),
        signal.getitimer(signal.ITIMER_PROF),
    )


def test_a_thread_has_no_such_limit():
    """Signals are the main thread's: elsewhere work is done without a limit, and not refused."""
    done = []

    def work():
        with processor_time(1e-6, AssertionError("limited")):
            done.append(sum(range(10**6)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [sum(range(10**6))] == done


# Another process


def test_a_cohort_is_read_in_a_process_of_its_own(tmp_path, monkeypatch):
    """What was read, and why something cannot be read, comes back from there."""

    def never(student):
        raise AssertionError("read in the main process")

    (tmp_path / "ada.py").write_bytes(HONEST)
    (tmp_path / "ben.zip").write_bytes(b"no archive")
    ada, ben = roster.read(tmp_path).students
    expected = intake.noted(ada, intake.read(ada))
    monkeypatch.setattr(intake, "read", never)
    process = reading.Reading()
    try:
        assert expected == process.read(ada).result()
        assert isinstance(process.read(ben).exception(), UnreadableSubmission)
    finally:
        process.dismiss()


class Fragile(paper.Paper):
    """A crew whose reading process ends under every submission with the word `end` in its name."""

    def __init__(self):
        super().__init__()
        self.ended = 0

    def read(self, student):
        """Read, or end."""
        if "end" not in student.id:
            return super().read(student)
        self.ended += 1
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            return process.submit(os._exit, 3)


def test_a_submission_that_ends_the_process_that_reads_it_costs_itself(tmp_path):
    """It has no score, is tried twice, and everybody else is graded."""
    submissions = tmp_path / "submissions"
    submissions.mkdir()
    for name in ("ada", "end", "eve"):
        (submissions / f"{name}.py").write_text(f"# passed {name}\n")
    crew = Fragile()
    with ledger.opened(tmp_path / "out") as book:
        index = paper.grade(submissions, book, crew)
    assert ["graded", "unreadable", "graded"] == [entry.outcome for entry in index.entries]
    assert "2 processes that had nothing else to read ended under it" == index.entries[1].message
    assert schedule.DEATHS == crew.ended


def test_ctrl_c_does_not_reach_a_zygote_that_is_starting(tmp_path):
    """It imports torch for a second, and a traceback of that would be the last thing on screen."""
    program = (
        "import os, signal, sys, time\n"
        "from grader.sandbox.host.zygote import Zygote\n"
        "zygote = Zygote('process')\n"
        "os.kill(zygote._process.pid, signal.SIGINT)\n"
        "level = zygote.isolation.level\n"
        "os.kill(zygote._process.pid, signal.SIGINT)\n"
        "zygote.fork().close()\n"
        "zygote.close()\n"
        "print(level, signal.pthread_sigmask(signal.SIG_BLOCK, []))\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ("process set()\n", "") == (done.stdout, done.stderr)


def test_ctrl_c_does_not_reach_the_processes_of_a_cohort():
    """Not while they import either: whoever started them decides what becomes of them."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        blocked = reading.spawning(process, signal.pthread_sigmask, signal.SIG_BLOCK, ()).result()
    assert signal.SIGINT in blocked
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


INTERRUPTED = {
    "while torch is imported, which goes on": (
        "import importlib, os, signal\n"
        "from grader.commands import basics\n"
        "def import_module(name):\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        signal.pause()\n"
        "    except KeyboardInterrupt:\n"
        "        pass\n"
        "importlib.import_module = import_module\n"
        "basics.import_torch()\n"
        "print('went on')\n",
        "grader: interrupted; nothing was written\n",
    ),
    "in a command that says nothing of it": (
        "import click\n"
        "from grader import cli\n"
        "def callback():\n"
        "    raise KeyboardInterrupt\n"
        "cli.Commands.get_command = lambda *_: click.Command('list', callback=callback)\n"
        "cli.main(['list'])\n",
        "grader: interrupted\n",
    ),
}


@pytest.mark.parametrize(("program", "said"), INTERRUPTED.values(), ids=INTERRUPTED)
def test_ctrl_c_ends_every_command_in_the_same_way(program, said):
    """With one line and one exit code, wherever it comes."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (130, "", said) == (done.returncode, done.stdout, done.stderr)


def test_evidence_is_looked_for_in_steps_of_the_size_of_a_statement():
    """A sum of a thousand terms is as deep as it is long: twice as many are not four times as much
    work.
    """
    words = Vocabulary.from_plain(vocabulary())

    def reading(terms):
        text = f"def dprobs(probs):\n    return {' - '.join(['probs'] * terms)}\n"
        return lambda: survey({"ex1.py": text}, words)

    assert steps(reading(600)) / steps(reading(300)) < 2.5
