"""The oracle's command line; see the package."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import click

from grader.render import classroom50
from tests.oracle import submissions, volatile

FROZEN = Path(__file__).with_name("frozen.json")
SEED = "oracle"
FORMATS = {
    "gradescope": "json", "classroom50": "json", "prairielearn": "json", "exercism": "json",
    "junit": "xml", "github": "txt",
}  # fmt: skip
TIMED = "cohort/index.html"
"""Lists the students by the time that they took."""

TEXTS = (".json", ".html", ".xml", ".csv", ".txt")
GRADER = Path(sys.executable).with_name("grader")
ENVIRONMENT = {name: f"submit/{name.lower()}" for name in classroom50.NAMES.values()}


def frozen() -> dict[str, Any]:
    """Return what was frozen: the versions, and digests of a sample and of all texts."""
    read: dict[str, Any] = json.loads(FROZEN.read_text(encoding="utf-8"))
    return read


def versions() -> list[str]:
    """Return the versions on which the wording of errors depends."""
    return [platform.python_version(), metadata.version("torch")]


def grader(*arguments: str | Path, accepted: Sequence[int] = (0,)) -> str:
    """Run the command line and return what it printed."""
    done = subprocess.run(
        [GRADER, *map(str, arguments)],
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in accepted:
        raise click.ClickException(f"grader {arguments[0]}: {done.returncode}\n{done.stderr}")
    return done.stdout


def written(folder: Path, *, sample: bool) -> None:
    """Write everything that the oracle compares into `folder`."""
    handed_in, out = folder / "submissions", folder / "cohort"
    handed_in.mkdir()
    submissions.laid_out(handed_in, str(GRADER), sample=sample)
    grader("cohort", handed_in, "--out", out, "--seed", SEED, "--student-pages", accepted=(0, 4))
    for report in sorted(out.glob("reports/*.json")):
        for name, suffix in FORMATS.items():
            target = folder / "exports" / name / f"{report.stem}.{suffix}"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(grader("export", name, report, accepted=(0, 1)), encoding="utf-8")
    for name in ("exercises", "zeros"):
        for view in ("staff", "student"):
            files = [folder / f"{name}-{view}.{suffix}" for suffix in ("json", "html")]
            grader(
                "grade", handed_in / name, "--seed", SEED, "--view", view,
                "--json", files[0], "--html", files[1],
            )  # fmt: skip


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield name and text of each file that was written, without what may vary."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        compared = name != TIMED and not name.startswith("submissions/")
        if path.is_file() and path.suffix in TEXTS and compared:
            text = path.read_text(encoding="utf-8").replace(str(folder), "FOLDER")
            yield name, volatile.stripped(text)


def outcome(keep: Path | None, *, sample: bool) -> dict[str, str]:
    """Return a digest of each text, by name; leave the texts in `keep`."""
    digests = {}
    with tempfile.TemporaryDirectory() as folder:
        written(Path(folder), sample=sample)
        for name, text in texts(Path(folder)):
            digests[name] = hashlib.sha256(text.encode()).hexdigest()[:16]
            if keep is not None:
                (keep / name).parent.mkdir(parents=True, exist_ok=True)
                (keep / name).write_text(text, encoding="utf-8")
    return digests


@click.group()
def main() -> None:
    """Compare what the command line writes of known submissions with what it wrote before."""


@main.command()
@click.option("--sample", is_flag=True, help="A few submissions only.")
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="Keep the texts.")
def check(sample: bool, keep: Path | None) -> None:
    """Compare with the digests that are frozen; exit with 1 if one differs."""
    before = frozen()["sample" if sample else "all"]
    found = outcome(keep, sample=sample)
    changed = sorted(name for name in before.keys() | found if before.get(name) != found.get(name))
    for name in changed:
        print(f"changed: {name}")
    print(f"{len(found)} texts, {len(changed)} changed")
    sys.exit(1 if changed else 0)


@main.command()
@click.option("--sample", is_flag=True, help="A few submissions only; the others stay as they are.")
def freeze(sample: bool) -> None:
    """Write the digests of what the command line writes now."""
    found = {"sample": outcome(None, sample=True)}
    if not sample:
        found["all"] = outcome(None, sample=False)
    text = json.dumps({**frozen(), "versions": versions(), **found}, indent=1, sort_keys=True)
    FROZEN.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
