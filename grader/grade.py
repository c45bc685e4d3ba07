"""Grading: the single place that knows the order of things.

submission -> reading its trees -> sandbox -> pytest checks -> report
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import platform
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from grader import __version__, examination, scoring
from grader.course import catalogue
from grader.course.catalogue import Catalogue, Task
from grader.errors import Interrupted, SandboxError, UnreadableSubmission
from grader.examination import Examination
from grader.options import DEFAULTS, ROOT, Options
from grader.report import (
    Chain,
    Environment,
    ExerciseReport,
    Finding,
    HiddenChecks,
    Report,
    SubmissionFacts,
    TaskReport,
    Training,
    largest,
)
from grader.sandbox.client import Zygote
from grader.submission import Submission

PUBLIC = ROOT / "tests" / "exercises"
HIDDEN = ROOT / "tests" / "hidden"
CHAIN_EXERCISE = "ex1"

# pytest's own plugins that grading has no use for; some of them cost more than the checks.
_SWITCHED_OFF = (
    "cacheprovider doctest faulthandler junitxml logging nose pastebin stepwise "
    "threadexception unittest unraisableexception warnings setuponly setupplan"
).split()


def read_submission(path: Path) -> Submission:
    """Take in a submission. Raises UnreadableSubmission."""
    from grader import submission

    course = catalogue.course()
    return submission.read(path, frozenset(exercise.file for exercise in course.exercises))


def grade_one(
    submission: Submission,
    zygote: Zygote,
    options: Options = DEFAULTS,
    on_task: Callable[[Task], None] | None = None,
) -> Report:
    """Grade a submission. `on_task` is called after each task.

    Raises UnreadableSubmission if its sources cannot even be read, SandboxError if the sandbox does
    not work, Interrupted after Ctrl-C.
    """
    started = time.monotonic()
    course = catalogue.course()
    inspection, told = examination.inspect(zygote, submission)
    if inspection is None:
        raise UnreadableSubmission(f"{submission.name}: the sources cannot be read: {told}")
    exam = Examination(zygote, submission, course, inspection)
    seed = options.seed or secrets.token_hex(8)
    tasks = tuple(
        task for task in course.tasks if not options.tasks or task.full_name in options.tasks
    )
    try:
        results = _run_checks(exam, seed, options, tasks, on_task)
    finally:
        exam.close()
    return _Assembly(exam, course, tasks, results, options, seed).report(time.monotonic() - started)


def _run_checks(
    exam: Examination,
    seed: str,
    options: Options,
    tasks: tuple[Task, ...],
    on_task: Callable[[Task], None] | None,
) -> Mapping[str, Any]:
    """Run pytest on the checks, in this process, and return pytest-json-report's result."""
    import pytest
    import torch
    from pytest_jsonreport.plugin import JSONReport

    from grader.pytest_plugin import CoursePlugin

    # One thread, as in the workers: the same input gives the same bits, whatever else is running.
    torch.set_num_threads(1)
    torch.backends.mkldnn.set_flags(False)  # type: ignore[no-untyped-call]
    plugin = CoursePlugin(exam, seed=seed, corpus=options.corpus, tasks=tasks, on_task=on_task)
    result = JSONReport()
    folders = [PUBLIC] if options.public_only else [PUBLIC, HIDDEN]
    arguments = [
        *map(str, folders),
        "-q",
        "-s",
        "-c/dev/null",
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
    with _no_plugin_autoload(), contextlib.redirect_stdout(io.StringIO()) as told:
        code = pytest.main(arguments, plugins=[result, plugin])
    if code == pytest.ExitCode.INTERRUPTED:
        raise Interrupted
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) or result.report is None:
        raise SandboxError(f"pytest ended with code {int(code)}:\n{told.getvalue()[-2000:]}")
    return dict(result.report)


@contextlib.contextmanager
def _no_plugin_autoload() -> Any:
    """Keep plugins that happen to be installed out of grading."""
    import os

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


@functools.cache
def course_digest() -> str:
    """Return a digest of everything that a score depends on beside submission and seed."""
    digest = hashlib.sha256()
    folders = [Path(catalogue.__file__).parent, PUBLIC, HIDDEN]
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".toml"):
                digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def environment() -> Environment:
    """Return the versions that a result may depend on."""
    import torch

    return Environment(
        grader=__version__,
        course=course_digest(),
        python=platform.python_version(),
        torch=str(torch.__version__),
        system=platform.system(),
        machine=platform.machine(),
    )


class _Assembly:
    """Puts the report together from what pytest found."""

    def __init__(
        self,
        exam: Examination,
        course: Catalogue,
        tasks: Sequence[Task],
        results: Mapping[str, Any],
        options: Options,
        seed: str,
    ) -> None:
        self._exam, self._course, self._tasks = exam, course, tasks
        self._options, self._seed = options, seed
        self._records: dict[str, list[dict[str, Any]]] = {task.full_name: [] for task in tasks}
        self._chain: list[dict[str, Any]] = []
        for test in results["tests"]:
            record = _record_of(test)
            if record is None:
                continue
            if record["scored"]:
                self._records[record["task"]].append(record)
            else:
                self._chain.append(record)
        self._findings = [self._finding(plain) for plain in exam.inspection.findings]

    def report(self, seconds: float) -> Report:
        """Return the staff's report."""
        tasks = [self._task(task) for task in self._tasks]
        hidden = [c for task in tasks for c in task.checks if c.visibility == "hidden"]
        ran = not self._options.public_only
        passed = sum(check.status == "passed" for check in hidden)
        return Report(
            view="staff",
            score=_total(tasks, bonus=False),
            max_score=sum(task.max_points for task in tasks if not task.is_bonus),
            bonus=_total(tasks, bonus=True),
            max_bonus=sum(task.max_points for task in tasks if task.is_bonus),
            exercises=self._exercises(tasks),
            tasks=tasks,
            hidden=HiddenChecks(
                run=ran,
                passed=passed if ran else None,
                total=len(hidden) if ran else "withheld",
            ),
            chain=self._chain_report(),
            training=self._training(),
            isolation="process",
            policy=self._findings,
            submission=SubmissionFacts(
                name=self._exam.submission.name,
                digest=self._exam.submission.digest,
                notes=list(self._exam.submission.notes),
            ),
            environment=environment(),
            seed=self._seed,
            duration_s=round(seconds, 3),
        )

    def _finding(self, plain: Mapping[str, Any]) -> Finding:
        concerned = {
            name
            for name, definition in self._exam.matched.items()
            if definition.file == plain["file"] and definition.name in plain["functions"]
        }
        tasks = [task.full_name for task in self._course.tasks if task.full_name in concerned]
        facts = {key: plain[key] for key in ("id", "file", "line", "rule", "what", "reason")}
        return Finding(**facts, tasks=tasks)

    def _task(self, task: Task) -> TaskReport:
        records = self._records[task.full_name]
        checks = [scoring.check_of(record) for record in records]
        findings = [f for f in self._findings if task.full_name in f.tasks]
        outcome = scoring.outcome(task, checks, bool(findings), self._course)
        telling = next((r for r in records if r["status"] == outcome.status), None)
        telling = telling or next((r for r in records if r["status"] != "passed"), None)
        figures = [figure for check in checks for figure in check.figures]
        definition = self._exam.matched.get(task.full_name)
        message = telling["message"] if telling else ""
        if findings:
            first = findings[0]
            message = f"{first.file}, line {first.line}: '{first.what}' {first.reason}"
        return TaskReport(
            name=task.name,
            exercise=task.exercise.key,
            full_name=task.full_name,
            status=outcome.status,
            points=outcome.points,
            max_points=task.points,
            is_bonus=task.bonus,
            max_relative_error=largest([figure.error for figure in figures]),
            max_abs_error=largest([figure.max_abs for figure in figures]),
            message=message,
            diagnosis=scoring.diagnosis_of(telling),
            file=definition.file if definition else None,
            line=(telling["line"] if telling else None)
            or (definition.line if definition else None),
            traceback=telling["traceback"] if telling else "",
            output=self._exam.outputs.get(task.full_name, ""),
            parts=dict(outcome.parts),
            checks=checks,
            duration_s=round(sum(record["seconds"] for record in records), 4),
        )

    def _exercises(self, tasks: Sequence[TaskReport]) -> list[ExerciseReport]:
        listed = []
        for exercise in self._course.exercises:
            own = [task for task in tasks if task.exercise == exercise.key]
            if own:
                listed.append(
                    ExerciseReport(
                        key=exercise.key,
                        title=exercise.title,
                        score=sum(task.points for task in own),
                        max_score=sum(task.max_points for task in own),
                        is_bonus=exercise.bonus,
                    )
                )
        return listed

    def _chain_report(self) -> Chain:
        right = [record for record in self._chain if record["status"] in ("passed", "shape")]
        wrong = [record for record in self._chain if record not in right]
        errors = [v["error"] for record in self._chain for v in record["verdicts"]]
        return Chain(
            complete=bool(self._chain) and len(errors) == len(self._chain),
            right=len(right),
            total=len(self._course.of_exercise(CHAIN_EXERCISE)),
            max_relative_error=largest(errors),
            first_wrong=wrong[0]["task"] if wrong else None,
        )

    def _training(self) -> Training | None:
        plan, corpus = self._course.training, self._options.corpus
        known = plan.get("loss", {}).get(corpus)
        if known is None:
            return None
        losses = [
            record["facts"]["loss"]
            for records in self._records.values()
            for record in records
            if record["facts"].get("loss") is not None
        ]
        return Training(
            loss=losses[-1] if losses else None,
            threshold=known["threshold"],
            mean=known["mean"],
            sd=known["sd"],
            seeds=len(known["losses"]),
            losses=known["losses"],
            steps=plan["steps"],
            corpus=corpus,
        )


def _total(tasks: Sequence[TaskReport], *, bonus: bool) -> float:
    return round(sum(task.points for task in tasks if task.is_bonus == bonus), 6)


def _record_of(test: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the record of a test. One that did not end by the judge's word is infrastructure."""
    from grader.pytest_plugin import PROPERTY

    for properties in test.get("user_properties", []):
        if PROPERTY in properties:
            record: dict[str, Any] = properties[PROPERTY]
            if record["status"] == "infrastructure":
                crash = test.get("call", {}).get("crash") or test.get("setup", {}).get("crash")
                record["message"] = f"the grader failed: {(crash or {}).get('message', '')}"[:500]
            return record
    return None
