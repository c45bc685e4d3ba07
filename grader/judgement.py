"""What a person has said about the findings of a report: it is cleared, or it is upheld.

A finding costs nothing until it is upheld: then the tasks concerned earn nothing. Its id is of one
submission alone, so a judgement never outlives the code that it was passed on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from grader.report import ExerciseReport, Finding, Report, State, TaskReport, total

States = Mapping[str, State]
"""What was said, by the id of the finding."""


def states(cleared: Iterable[str], upheld: Iterable[str]) -> dict[str, State]:
    """Return what was said by id. Raises ValueError for a finding that is to be both."""
    said: dict[str, State] = dict.fromkeys(cleared, "cleared")
    both = sorted(said.keys() & set(upheld))
    if both:
        raise ValueError(f"a finding is cleared or upheld, and not both: {', '.join(both)}")
    return said | dict.fromkeys(upheld, "upheld")


def judged(report: Report, said: States) -> Report:
    """Return a report with the states of its findings, and what upheld ones cost."""
    findings = [
        one.model_copy(update={"state": said.get(one.id, "open")}) for one in report.findings
    ]
    reasons = {name: one for one in findings if one.state == "upheld" for name in one.tasks}
    tasks = [
        _without_points(task, reasons[task.full_name]) if task.full_name in reasons else task
        for task in report.tasks
    ]
    update = {
        "findings": findings,
        "tasks": tasks,
        "exercises": [_summed(exercise, tasks) for exercise in report.exercises],
        "score": total(tasks, bonus=False),
        "bonus": total(tasks, bonus=True),
    }
    return report.model_copy(update=update)


def _without_points(task: TaskReport, finding: Finding) -> TaskReport:
    if task.status == "infrastructure":
        return task
    what = f"{finding.place}: '{finding.what}' {finding.reason}"
    return task.model_copy(
        update={
            "status": "policy",
            "points": 0.0,
            "parts": dict.fromkeys(task.parts, 0.0),
            "message": f"{what}; a person has looked at it, and it stands",
            "diagnosis": None,
            "traceback": "",
            "cell": task.function_cell,
            "line": task.function_line,
        }
    )


def _summed(exercise: ExerciseReport, tasks: Iterable[TaskReport]) -> ExerciseReport:
    points = sum(task.points for task in tasks if task.exercise == exercise.key)
    return exercise.model_copy(update={"score": points})


def unknown(said: States, findings: Mapping[str, str], kept: Iterable[str] = ()) -> str:
    """Return which ids are those of no finding, and which there are; empty if all are known.

    findings: what there is, by id, in words. kept: what was judged before.
    """
    lacking = sorted(said.keys() - findings.keys() - set(kept))
    if not lacking:
        return ""
    there = "".join(f"\n  {one} {told}" for one, told in findings.items())
    return f"there is no finding {', '.join(lacking)}; there are{there or ' none'}"


def in_words(finding: Finding) -> str:
    """Return in a line what a finding is."""
    return f"{finding.place} '{finding.what}' {finding.reason} ({finding.state})"
