"""JUnit XML as pytest writes it: a suite for each exercise, a case for each task.

A task that is not right is a failure, one that was not attempted too: a skipped case would look
like nothing to do. An error is a fault of the grader.
"""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from grader.render.telling import number, why
from grader.render.untrusted import clipped, one_line
from grader.report import ExerciseReport, Report, TaskReport

MOST = 65_536
"""Characters of one text."""


def render(report: Report) -> str:
    """Return the document. Equal reports give equal documents: there is no time stamp in it."""
    suites = Xml.Element("testsuites", name="Backprop Ninja")
    for exercise in report.exercises:
        own = [task for task in report.tasks if task.exercise == exercise.key]
        suites.append(_suite(exercise, own, report))
    Xml.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(suites, "unicode") + "\n"


def _suite(exercise: ExerciseReport, tasks: list[TaskReport], report: Report) -> Xml.Element:
    cases = [_case(task) for task in tasks]
    suite = Xml.Element(
        "testsuite",
        name=f"{exercise.key}: {exercise.title}",
        errors=str(sum(case.find("error") is not None for case in cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        skipped="0",
        tests=str(len(cases)),
        time=f"{sum(task.duration_s for task in tasks):.3f}",
    )
    facts = {"submission": one_line(report.submission.name), "digest": report.submission.digest}
    suite.append(_properties(facts))
    suite.extend(cases)
    return suite


def _properties(facts: dict[str, str]) -> Xml.Element:
    properties = Xml.Element("properties")
    for name, value in facts.items():
        Xml.SubElement(properties, "property", name=name, value=value)
    return properties


def _case(task: TaskReport) -> Xml.Element:
    case = Xml.Element(
        "testcase",
        classname=f"backprop_ninja.{task.exercise}",
        name=task.name,
        time=f"{task.duration_s:.3f}",
    )
    points = {"points": number(task.points), "max_points": number(task.max_points)}
    case.append(_properties(points))
    if task.status != "passed":
        kind = "error" if task.status == "infrastructure" else "failure"
        told = one_line(task.message) or task.status
        Xml.SubElement(case, kind, message=told, type=task.status).text = _all(task)
    if task.output:
        Xml.SubElement(case, "system-out").text = clipped(task.output, MOST)
    return case


def _all(task: TaskReport) -> str:
    """Return why a task is not right, and which of its checks are not."""
    missed = [check for check in task.checks if check.status != "passed"]
    lines = [f"{check.visibility} check, {check.status}: {check.title}" for check in missed]
    return "\n".join([why(task, MOST), *lines])
