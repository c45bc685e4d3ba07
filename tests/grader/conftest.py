"""What the grader's own tests share."""

from __future__ import annotations

import os
import shutil

import pytest
from command_line import CommandLine
from programs import Interpreter

from grader.sandbox.host.zygote import Zygote

FLAGS = """--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --hide-scrollbars
--disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage"""


LONGEST = (
    "attacks/test_attacks test_trap test_mutants test_watch test_speed test_cohort_real "
    "test_golden test_docs test_sandbox test_by_hand test_html test_pictures test_autograder"
).split()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begin with the files that take the longest: a file is run by one process, and the last one
    decides when all are done.
    """
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(
        key=lambda item: next(
            (place for name, place in rank.items() if item.path.as_posix().endswith(f"{name}.py")),
            len(rank),
        )
    )


@pytest.fixture(scope="session")
def zygote():
    """One process that workers are forked from, for the whole session."""
    with Zygote() as zygote:
        yield zygote


@pytest.fixture(scope="session")
def thorough():
    """A zygote that has tried every way to differentiate."""
    with Zygote("best", thorough=True) as zygote:
        yield zygote


@pytest.fixture(scope="session")
def interpreter():
    """What runs programs that import torch: see `Interpreter`."""
    with Interpreter() as interpreter:
        yield interpreter


@pytest.fixture(scope="session")
def grader(request):
    """The command line, run in this process: see `CommandLine`."""
    return CommandLine(request.getfixturevalue)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A browser without a window; without one these tests are skipped, but not in CI."""
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in programs:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium and chromedriver are not installed")
        pytest.skip("chromium and chromedriver are not installed")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for flag in [*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(programs[1]))
    yield driver
    driver.quit()
