"""The report of one submission, put together from what pytest found."""

from __future__ import annotations

import functools
import hashlib
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grader import __version__, learnt, scoring
from grader.course import catalogue
from grader.course.catalogue import Catalogue, Task
from grader.examiner import Examiner
from grader.options import HIDDEN, PUBLIC, Options
from grader.places import Places
from grader.report import (
    SLOW,
    Chain,
    Check,
    Environment,
    ExerciseReport,
    Finding,
    HiddenChecks,
    Report,
    Sandbox,
    SubmissionFacts,
    TaskReport,
    largest,
)

CHAIN_EXERCISE = "ex1"


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


class Assembly:
    """Puts the report together from what pytest found."""

    def __init__(
        self,
        exam: Examiner,
        course: Catalogue,
        tasks: Sequence[Task],
        records: Sequence[Mapping[str, Any]],
        options: Options,
        seed: str,
    ) -> None:
        self._exam, self._course, self._tasks = exam, course, tasks
        self._options, self._seed = options, seed
        self._records: dict[str, list[dict[str, Any]]] = {task.full_name: [] for task in tasks}
        self._chain: list[dict[str, Any]] = []
        for record in map(dict, records):
            if record["scored"]:
                self._records[record["task"]].append(record)
            else:
                self._chain.append(record)
        self._places = Places(exam.submission.files)
        for record in (*self._chain, *(r for listed in self._records.values() for r in listed)):
            self._places.put_into(record)
        findings = [self._finding(plain) for plain in exam.inspection.findings]
        findings.sort(key=lambda finding: (finding.file, finding.cell or 0, finding.line))
        # Of a notebook, what concerns no task is not even run.
        self._findings = [f for f in findings if f.tasks or not self._places.in_parts(f.file)]
        self._findings += self._slow()

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
            training=learnt.training(
                [record for records in self._records.values() for record in records],
                self._course,
                self._options.corpus,
            ),
            isolation=self._exam.isolation.level,
            sandbox=Sandbox(
                layers=list(self._exam.isolation.active),
                missing=list(self._exam.isolation.missing),
            ),
            policy=self._findings,
            submission=SubmissionFacts(
                name=self._exam.submission.name,
                digest=self._exam.submission.digest,
                notes=[*self._exam.submission.notes, *self._left_out()],
            ),
            environment=environment(),
            seed=self._seed,
            duration_s=round(seconds, 3),
        )

    def _left_out(self) -> list[str]:
        """Return a note for every place of a notebook that is no Python."""
        return [
            f"{self._places.text(str(failure['message']))}; what begins there was left out"
            for failure in self._exam.inspection.failures
            if self._places.in_parts(str(failure.get("file")))
        ]

    def _finding(self, plain: Mapping[str, Any]) -> Finding:
        concerned = {
            name
            for name, definition in self._exam.matched.items()
            if definition.key in plain["functions"]
        }
        tasks = [task.full_name for task in self._course.tasks if task.full_name in concerned]
        facts = {key: plain[key] for key in ("id", "file", "rule", "what", "reason")}
        cell, line = self._places.find(plain["file"], plain["line"])
        return Finding(
            **facts,
            cell=cell,
            line=line or 0,
            tasks=tasks,
            bars=plain["rule"] != "suspicion",
            allowed=plain["id"] in self._options.allow,
        )

    def _slow(self) -> list[Finding]:
        """Return a finding for every task that takes as long as finite differences would."""
        found = []
        for name, records in self._records.items():
            told = next((r["suspicion"] for r in records if r["suspicion"]), "")
            if told:
                definition = self._exam.matched[name]
                found.append(
                    Finding(
                        id=f"{SLOW}{name}",
                        file=definition.file,
                        cell=self._places.find(definition.file, definition.line)[0],
                        line=self._places.find(definition.file, definition.line)[1] or 0,
                        rule="suspicion",
                        what=name,
                        reason=told,
                        tasks=[name],
                        bars=False,
                        allowed=f"{SLOW}{name}" in self._options.allow,
                    )
                )
        return found

    def _task(self, task: Task) -> TaskReport:
        records = self._records[task.full_name]
        definition = self._exam.matched.get(task.full_name)
        file, at = (definition.file, definition.line) if definition else ("", None)
        begins = self._places.find(file, at)
        checks = [self._check(record, file) for record in records]
        findings = [
            f for f in self._findings if f.bars and not f.allowed and task.full_name in f.tasks
        ]
        outcome = scoring.outcome(task, checks, bool(findings), self._course)
        telling = next((check for check in checks if check.status == outcome.status), None)
        telling = telling or next((check for check in checks if check.status != "passed"), None)
        figures = [figure for check in checks for figure in check.figures]
        telling = telling or next((check for check in checks if check.message), None)
        message = telling.message if telling else ""
        if findings:
            first = findings[0]
            message = f"{first.place}: '{first.what}' {first.reason}"
        raised = definition and telling and telling.line
        cell, line = (telling.cell, telling.line) if telling and raised else begins
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
            diagnosis=telling.diagnosis if telling else None,
            file=definition.file if definition else None,
            cell=cell,
            line=line,
            function_cell=begins[0],
            function_line=begins[1],
            traceback=telling.traceback if telling else "",
            output=self._exam.outputs.get(task.full_name, ""),
            parts=dict(outcome.parts),
            checks=checks,
            duration_s=round(sum(record["seconds"] for record in records), 4),
        )

    def _check(self, record: Mapping[str, Any], file: str) -> Check:
        check = scoring.check_of(record)
        cell, line = self._places.find(file, check.line)
        return check.model_copy(update={"cell": cell, "line": line})

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


def _total(tasks: Sequence[TaskReport], *, bonus: bool) -> float:
    return round(sum(task.points for task in tasks if task.is_bonus == bonus), 6)
