"""`pytest tests/exercises` without the grader: checks the exercises, or `--submission PATH`."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that `grader check` and `grader grade` have, too."""
    group = parser.getgroup("backprop ninja")
    group.addoption("--submission", default="exercises", help="what to check")
    group.addoption("--seed", default="public", help="seed of hidden checks")
    group.addoption("--corpus", default="names", help="corpus to train on")


def pytest_configure(config: pytest.Config) -> None:
    """Examine the submission, if the checks of exercises are among what is run."""
    wanted = [Path(argument.split("::")[0]).resolve() for argument in config.args]
    here = Path(__file__).parent
    own = (here / "exercises", here / "hidden")
    if not any(folder in (path, *path.parents) for path in wanted for folder in own):
        return
    from grader import session
    from grader.options import Options

    options = Options(seed=config.getoption("--seed"), corpus=config.getoption("--corpus"))
    config.pluginmanager.register(session.plugin_for(config.getoption("--submission"), options))
