"""`python -m benchmarks.plain SUBMISSION [--hidden] [--task NAME ...]`: grade with plain pytest.

The exit code is pytest's.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest


def main() -> int:
    """Run the checks on a submission and return pytest's exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("submission", type=Path)
    parser.add_argument("--hidden", action="store_true", help="hidden checks, too")
    parser.add_argument("--task", action="append", default=[], help="full name; default: all")
    parser.add_argument("--seed", default="plain")
    given = parser.parse_args()

    import torch

    from grader import inline
    from grader.course import catalogue
    from grader.options import HIDDEN, PUBLIC
    from grader.pytest_plugin import CoursePlugin
    from grader.submission import read_for_course

    torch.set_num_threads(1)
    course, submission = catalogue.course(), read_for_course(given.submission)
    tasks = tuple(t for t in course.tasks if not given.task or t.full_name in given.task)
    exam = inline.Inline(submission, course, inline.inspect(submission))
    plugin = CoursePlugin(exam, seed=given.seed, corpus="names", tasks=tasks)
    folders = [PUBLIC, HIDDEN] if given.hidden else [PUBLIC]
    arguments = ["-q", "--noconftest", "--import-mode=importlib", "-pno:cacheprovider"]
    return int(pytest.main([*map(str, folders), *arguments], plugins=[plugin]))


if __name__ == "__main__":
    sys.exit(main())
