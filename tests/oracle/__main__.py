"""The oracle's command line; see the package."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from tests.oracle import submissions, volatile

FROZEN = Path(__file__).with_name("frozen.json")
SEED = "oracle"
FORMATS = {
    "gradescope": "json", "classroom50": "json", "prairielearn": "json", "exercism": "json",
    "junit": "xml", "github": "txt",
}  # fmt: skip
TEXTS = (".json", ".html", ".xml", ".csv", ".txt")
GRADER = Path(sys.executable).with_name("grader")


def grader(*arguments: str | Path, accepted: Sequence[int] = (0,)) -> str:
    """Run the command line and return what it printed."""
    done = subprocess.run(
        [GRADER, *map(str, arguments)], capture_output=True, text=True, check=False
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
        if path.is_file() and path.suffix in TEXTS and not name.startswith("submissions/"):
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
    frozen = json.loads(FROZEN.read_text(encoding="utf-8"))["sample" if sample else "all"]
    found = outcome(keep, sample=sample)
    changed = sorted(name for name in frozen.keys() | found if frozen.get(name) != found.get(name))
    for name in changed:
        print(f"changed: {name}")
    print(f"{len(found)} texts, {len(changed)} changed")
    sys.exit(1 if changed else 0)


@main.command()
def freeze() -> None:
    """Write the digests of what the command line writes now."""
    frozen = {"sample": outcome(None, sample=True), "all": outcome(None, sample=False)}
    FROZEN.write_text(json.dumps(frozen, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
