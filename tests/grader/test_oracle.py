"""What the command line writes of known submissions is what it wrote when it was frozen."""

from __future__ import annotations

import subprocess
import sys

import pytest

from grader.options import ROOT
from tests.oracle.__main__ import frozen, versions


@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")
def test_a_sample_comes_out_as_it_was_frozen() -> None:
    """Reports, pages and exports of a few submissions have not changed since the last freeze."""
    if frozen()["versions"] != versions():
        pytest.skip("frozen with other versions of Python and torch, which word errors differently")
    done = subprocess.run(
        [sys.executable, "-m", "tests.oracle", "check", "--sample"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
