"""Grading: the single place that knows the order of things.

submission -> reading its trees -> sandbox -> pytest checks -> report
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from grader import examination
from grader.assembly import Assembly
from grader.course import catalogue
from grader.course.catalogue import Task
from grader.errors import Interrupted, SandboxError, UnreadableSubmission
from grader.examination import Examination
from grader.examiner import Examiner, Inspection
from grader.options import DEFAULTS, HIDDEN, PUBLIC, Options, fresh_seed
from grader.report import Report
from grader.sandbox.host.pool import Early
from grader.sandbox.host.reader import Reader
from grader.sandbox.host.zygote import Zygote
from grader.submission import Submission

Records = Sequence[Mapping[str, Any]]
"""What the checks found out, each as `trial.Trial.as_dict` tells it."""

Runner = Callable[
    [Examiner, str, Options, tuple[Task, ...], Callable[[Task], None]],
    Records,
]
"""What runs the checks of tasks on a seed, and tells when each task is over."""

# pytest's own plugins that grading has no use for; some of them cost more than the checks.
_SWITCHED_OFF = (
    "cacheprovider doctest faulthandler junitxml logging nose pastebin stepwise "
    "threadexception unittest unraisableexception warnings setuponly setupplan"
).split()


def grade_one(
    submission: Submission,
    zygote: Zygote,
    options: Options = DEFAULTS,
    on_task: Callable[[Task], None] | None = None,
    inspection: Inspection | None = None,
    *,
    early: Early | None = None,
    run: Runner | None = None,
) -> Report:
    """Grade a submission. `on_task` is called after each task; `inspection` is what reading told,
    if it has been read already; `early` is a worker that has been started already (see
    `Pool`); `run` runs the checks, by default pytest.

    Raises UnreadableSubmission if its sources cannot even be read, SandboxError if the sandbox does
    not work, Interrupted after Ctrl-C.
    """
    inspection = inspection or inspected(submission, zygote)
    exam = Examination(zygote, submission, catalogue.course(), inspection, early=early)
    return _graded(exam, options, on_task, run or by_pytest)


def inspected(submission: Submission, zygote: Zygote, kept: Reader | None = None) -> Inspection:
    """Read the syntax trees of a submission, in a reader that is kept if there is one. Raises
    UnreadableSubmission if that ends badly.
    """
    inspection, told = examination.inspect(zygote, submission, kept)
    if inspection is None:
        raise UnreadableSubmission(f"{submission.name}: the sources cannot be read: {told}")
    return inspection


def grade_inline(
    submission: Submission,
    options: Options = DEFAULTS,
    on_task: Callable[[Task], None] | None = None,
) -> Report:
    """Grade a submission in this process, without any isolation: for its own author only."""
    from grader import inline

    exam = inline.Inline(submission, catalogue.course(), inline.inspect(submission))
    return _graded(exam, options, on_task, by_pytest)


def grade_exam(exam: Examiner, options: Options = DEFAULTS) -> Report:
    """Grade what any other examiner answers. Raises Interrupted and SandboxError, as above."""
    return _graded(exam, options, None, by_pytest)


def _graded(
    exam: Examiner, options: Options, on_task: Callable[[Task], None] | None, run: Runner
) -> Report:
    import torch

    started = time.monotonic()
    course = exam.course
    seed = options.seed or fresh_seed()
    tasks = tuple(
        task for task in course.tasks if not options.tasks or task.full_name in options.tasks
    )
    try:
        # One thread, as in the workers: the same input gives the same bits, whatever else runs.
        torch.set_num_threads(1)
        torch.backends.mkldnn.set_flags(False)  # type: ignore[no-untyped-call]
        records = run(exam, seed, options, tasks, on_task or (lambda task: None))
    finally:
        exam.end()
    return Assembly(exam, course, tasks, records, options, seed).report(time.monotonic() - started)


def at_once(
    exam: Examiner,
    seed: str,
    options: Options,
    tasks: tuple[Task, ...],
    on_task: Callable[[Task], None],
) -> Records:
    """Run the public checks without pytest, for watch mode: a session of it takes as long as all
    functions and references together.
    """
    from grader import trial
    from grader.givens import Givens

    court = trial.Court(exam, Givens(seed, options.corpus))
    laws = [law for law in trial.every_law() if law.visibility == "public"]
    records = []
    for task, following in zip_longest(tasks, tasks[1:]):
        if following is not None:
            exam.prepare(following)
        flat = exam.is_flat(task)
        own = [law for law in laws if law.holds_for(task, flat=flat)]
        records += [tried.as_dict() for tried in court.tried(task, own)]
        exam.close()
        on_task(task)
    return records


def by_pytest(
    exam: Examiner,
    seed: str,
    options: Options,
    tasks: tuple[Task, ...],
    on_task: Callable[[Task], None],
) -> Records:
    """Run pytest on the checks, in this process."""
    import pytest
    from pytest_jsonreport.plugin import JSONReport

    from grader.judge import PROPERTY
    from grader.pytest_plugin import CoursePlugin

    plugin = CoursePlugin(exam, seed=seed, corpus=options.corpus, tasks=tasks, on_task=on_task)
    result = JSONReport()
    folders = [PUBLIC] if options.public_only else [PUBLIC, HIDDEN]
    told = io.StringIO()
    with _no_plugin_autoload(), contextlib.redirect_stdout(told):
        code = pytest.main(_arguments(folders), plugins=[result, plugin, _Quiet()])
    if code == pytest.ExitCode.INTERRUPTED:
        raise Interrupted
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) or result.report is None:
        raise SandboxError(f"pytest ended with code {int(code)}:\n{told.getvalue()[-2000:]}")
    return [told[PROPERTY] for test in result.report["tests"] for told in _told_by(test)]


def _arguments(folders: Sequence[Path]) -> list[str]:
    """Return pytest's arguments: quiet, and with nothing of what it would read or write beside."""
    return [
        *map(str, folders),
        "-q",
        "-s",
        f"-c{os.devnull}",
        f"--rootdir={PUBLIC.parent}",
        "--noconftest",
        "--import-mode=importlib",
        "--assert=plain",
        "--strict-markers",
        "--tb=line",
        "-ppytest_jsonreport.plugin",
        "--json-report-file=none",
        "--json-report-omit=collectors,log,streams,warnings,keywords,traceback",
        *(f"-pno:{name}" for name in _SWITCHED_OFF),
    ]


def _told_by(test: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return what the checks of a test told. Raises SandboxError if that is lost: a task of which
    nothing is known has not passed, and has not failed either.
    """
    told: Sequence[Mapping[str, Any]] = test.get("user_properties", ())
    if not told:
        raise SandboxError(f"{test['nodeid']}: the grader lost what its checks found")
    return told


class _Quiet:
    """Gives standard output back once pytest's own reporter has taken hold of what it writes to:
    a debugger in a function under check has to reach the terminal.
    """

    def __init__(self) -> None:
        self._stdout = sys.__stdout__

    def pytest_sessionstart(self) -> None:
        """Come after the reporter, which keeps the stream that it began with."""
        if self._stdout is not None:
            sys.stdout = self._stdout


@contextlib.contextmanager
def _no_plugin_autoload() -> Any:
    """Keep plugins that happen to be installed out of grading."""
    name = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
