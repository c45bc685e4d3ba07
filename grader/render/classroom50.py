"""Classroom 50's `result.json` (schema classroom50/result/v1): integers, and no key of our own.

Points may be halves, and a result has whole numbers: they are rounded down, so that nobody gets
more than was earned. The exact points of a test stand beside them, under a key that is preserved.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from grader.render.telling import Refusal, counts, for_platform, score, title
from grader.render.untrusted import as_json
from grader.report import Report, TaskReport

SCHEMA = "classroom50/result/v1"
NAMES = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
    "review": "REVIEW_URL",
}
"""Keys of the result, and the variable of the runner's environment that each comes from."""


class NotInAClassroom(ValueError):
    """An environment that is not that of Classroom 50's runner."""


def render(
    report: Report, environment: Mapping[str, str], datetime: str, with_bonus: bool = False
) -> str:
    """Return the file. datetime: when it was graded, as ISO 8601.

    Raises NotInAClassroom if a variable is missing, NoScore if the grader failed.
    """
    points = score(report, with_bonus)
    tasks = [task for task in for_platform(report).tasks if counts(task, with_bonus)]
    return as_json(
        {
            **_facts(environment, datetime),
            "score": whole(points),
            "max-score": whole(sum(task.max_points for task in tasks)),
            "tests": [_test(task) for task in tasks],
        }
    )


def refused(refusal: Refusal, environment: Mapping[str, str], datetime: str) -> str:
    """Return the file for a submission that could not be read: one failed test that says so."""
    test = {"test-name": "The submission can be read", "passed": False, "score": 0, "max-score": 0}
    facts = _facts(environment, datetime)
    return as_json({**facts, "score": 0, "max-score": whole(refusal.max_score), "tests": [test]})


def whole(points: float) -> int:
    """Return points rounded down, with room for the rounding of sums."""
    return math.floor(points + 1e-6)


def _facts(environment: Mapping[str, str], datetime: str) -> dict[str, Any]:
    missing = [name for name in NAMES.values() if not environment.get(name)]
    if missing:
        raise NotInAClassroom(
            f"{', '.join(missing)}: not set; run this in Classroom 50's runner, or set them"
        )
    facts = {key: environment[name] for key, name in NAMES.items()}
    if not re.match("submit/", facts["submission"]):
        raise NotInAClassroom(
            f"SUBMISSION_TAG: {facts['submission']!r} does not begin with submit/"
        )
    # The runner stamps these two; the schema wants them to be there all the same.
    stamped = {
        "assignment_type": environment.get("ASSIGNMENT_TYPE") or "individual",
        "owner": environment.get("OWNER") or environment.get("GITHUB_REPOSITORY_OWNER") or "",
    }
    return {"schema": SCHEMA, **facts, **stamped, "datetime": datetime}


def _test(task: TaskReport) -> dict[str, Any]:
    return {
        "test-name": title(task),
        "passed": task.status == "passed",
        "score": whole(task.points),
        "max-score": whole(task.max_points),
        "points": task.points,
    }
