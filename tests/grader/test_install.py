"""Which build of torch `make` installs, with a pip and a uv that only say what they are asked."""

# The expected value comes first in a comparison.
# ruff: noqa: SIM300

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.options import ROOT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="make and sh")

PIP = """#!/bin/sh
case "$*" in
    *--report*) echo '{"install": [%s]}' ;;
    "-m pip"*) echo "pip $*" ;;
    *) exec "$REAL" "$@" ;;
esac
"""
UV = """#!/bin/sh
case "$*" in
    *--dry-run*) exit %d ;;
    *) echo "uv $*" ;;
esac
"""


def installed(place: Path, wanted: str, found: str, *, reachable: bool) -> list[str]:
    """Return what is said and asked for; `found` is what pip would install, "" if it is there."""
    entry = f'{{"metadata": {{"version": "{found}"}}}}' if found else ""
    for name, text in (("python", PIP % entry), ("uv", UV % (not reachable))):
        (place / name).write_text(text, encoding="utf-8")
        (place / name).chmod(0o755)
    done = subprocess.run(
        ["sh", str(ROOT / "tools" / "torch.sh"), str(place / "python"), wanted],
        env={"PATH": f"{place}:/usr/bin:/bin", "REAL": sys.executable},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_the_build_for_cpus_is_taken_where_it_can_be_had(tmp_path: Path) -> None:
    """It comes by uv, after a line that says what will be downloaded; pip installs no other one."""
    told, asked = installed(tmp_path, "cpu", "2.13.0", reachable=True)
    assert "torch: the build for CPUs, about 200 MB" in told
    assert asked.startswith("uv pip install")
    assert "--torch-backend cpu torch==" in asked


def test_what_pip_finds_is_taken_where_it_cannot(tmp_path: Path) -> None:
    """A network without that index breaks no installation, and the gigabytes are announced."""
    first, second, asked = installed(tmp_path, "cpu", "2.13.0", reachable=False)
    assert "torch: the build for CPUs cannot be had from here" == first
    assert "torch: 2.13.0, as pip finds it; CUDA's libraries come with it" in second
    assert asked.startswith("pip -m pip install")


@pytest.mark.parametrize(
    ("wanted", "found", "told"),
    [
        ("any", "2.13.0", ["torch: 2.13.0, as pip finds it; CUDA's libraries come with it"]),
        ("cpu", "2.13.0+cpu", ["torch: 2.13.0+cpu, as pip finds it"]),
        ("cpu", "", []),
    ],
)
def test_nobody_else_is_asked(tmp_path: Path, wanted: str, found: str, told: list[str]) -> None:
    """Who wants what pip finds, has torch already, or a pip that finds that build, gets pip's."""
    *said, asked = installed(tmp_path, wanted, found, reachable=True)
    assert told == [line.split(", gigabytes")[0] for line in said]
    assert asked.startswith("pip -m pip install")
