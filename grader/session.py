"""A plain pytest session on the checks: a plugin that starts and ends its own sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader import examination
from grader.course import catalogue
from grader.errors import UnreadableSubmission
from grader.examination import Examination
from grader.options import ROOT, Options
from grader.pytest_plugin import CoursePlugin
from grader.sandbox.host.zygote import Zygote
from grader.submission import read_for_course


class SessionPlugin(CoursePlugin):
    """The plugin of one session; it ends the zygote that was started for it."""

    def __init__(self, zygote: Zygote, exam: Examination, options: Options) -> None:
        super().__init__(exam, seed=options.seed or "public", corpus=options.corpus)
        self._zygote = zygote

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Leave no process behind."""
        self._zygote.close()


def plugin_for(path: str, options: Options) -> SessionPlugin:
    """Return the plugin that serves the checks of a submission.

    path: relative to the current folder or to the project. Raises pytest.UsageError if the
    submission cannot be read.
    """
    found = Path(path) if Path(path).exists() else ROOT / path
    zygote = Zygote("best")
    try:
        submission = read_for_course(found)
        inspection, told = examination.inspect(zygote, submission)
        if inspection is None:
            raise UnreadableSubmission(told)
    except UnreadableSubmission as error:
        zygote.close()
        raise pytest.UsageError(str(error)) from None
    exam = Examination(zygote, submission, catalogue.course(), inspection)
    return SessionPlugin(zygote, exam, options)
