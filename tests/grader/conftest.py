"""What the grader's own tests share."""

from __future__ import annotations

import pytest

from grader.sandbox.client import Zygote


@pytest.fixture(scope="session")
def zygote():
    """One process that workers are forked from, for the whole session."""
    with Zygote() as zygote:
        yield zygote
