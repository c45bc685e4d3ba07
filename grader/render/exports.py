"""The exports that are one text made of one report, by the names of their formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from grader.render import classroom50, exercism, gradescope, junit, prairielearn, table
from grader.render.telling import Refusal, for_platform
from grader.report import Report


@dataclass(frozen=True)
class Context:
    """What an export may depend on beside the report.

    datetime: of grading, ISO 8601. view: of the formats that leave a choice.
    """

    environment: Mapping[str, str]
    datetime: str
    with_bonus: bool = False
    view: str = "staff"


def _chosen(report: Report, context: Context) -> Report:
    return for_platform(report) if context.view == "student" else report


RENDERINGS: Mapping[str, Callable[[Report, Context], str]] = {
    "gradescope": lambda report, context: gradescope.render(report, context.with_bonus),
    "classroom50": lambda report, context: classroom50.render(
        report, context.environment, context.datetime, context.with_bonus
    ),
    "prairielearn": lambda report, context: prairielearn.render(report, context.with_bonus),
    "exercism": lambda report, _: exercism.render(report),
    "junit": lambda report, context: junit.render(_chosen(report, context)),
    "csv": lambda report, context: table.render([table.of_report(_chosen(report, context))]),
}

REFUSALS: Mapping[str, Callable[[Refusal, Context], str]] = {
    "gradescope": lambda refusal, _: gradescope.refused(refusal),
    "classroom50": lambda refusal, context: classroom50.refused(
        refusal, context.environment, context.datetime
    ),
    "prairielearn": lambda refusal, _: prairielearn.refused(refusal),
    "exercism": lambda refusal, _: exercism.refused(refusal),
}
"""What platforms are told of a submission that could not be read."""
