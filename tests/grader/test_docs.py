"""The documentation: its commands run, its links lead somewhere, its tables match the code."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree

import click
import pytest
from command_line import CommandLine
from pydantic import BaseModel

from grader import cli, report, scoring
from grader.course import catalogue
from grader.options import ROOT
from grader.release import contents

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
REPORT_PAGE = ROOT / "docs" / "report.md"
STUDENT_PAGE = ROOT / "docs" / "student.md"
PICTURES = ROOT / "docs" / "images"
COPIED = ("data", "docs", "exercises", "grader", "solutions", "tests/exercises", "tests/hidden")

NOT_RUN = {
    ". .venv/bin/activate": "the environment of these tests is on the path already",
    "pre-commit install": "needs a git repository and changes it",
    "grader compare exercises": "test_cli.py compares, and it takes a while",
    "grader dev check": "test_laws.py holds the same laws",
    "python3 -m venv .venv": "test_release.py runs a release in an environment of its own",
    "pip install --editable .": "the same",
    "grader release --out student --zip": "test_release.py builds a release",
    "grader cohort roster.csv --out graded --regrade --seed winter": "test_cohort_real.py regrades",
    "dask scheduler --port 8786": "test_cohort_real.py grades on a cluster",
    "dask worker tcp://HOST:8786 --nworkers -1 --nthreads 1": "the same",
    "grader cohort roster.csv --out graded --scheduler tcp://HOST:8786": "the same",
    "grader calibrate --corpus NAME": "NAME is for the reader to fill in, and it takes a while",
    **dict.fromkeys(
        (
            "sudo tests/machines/try.sh trixie /var/tmp/trixie",
            "sudo tests/machines/try.sh forky /var/tmp/forky",
        ),
        "makes a machine, as root, and runs all tests on it",
    ),
    "python docs/images/make.py": "the pictures are checked by themselves",
}
"""Commands of the documentation that are not run here, and why not."""

AS_PROGRAMS = ("CONTRIBUTING.md",)
"""Pages that change the grader of their copy: their commands run in processes of their own."""

BEN = """
import torch


def loss(logprobs, Yb):
    return -logprobs[range(len(Yb)), Yb].mean()


def dlogprobs(logprobs, Yb, step=0.01):
    exact = logprobs.double()
    out = torch.zeros_like(logprobs)
    for row, label in enumerate(Yb):
        moved = exact.clone()
        moved[row, label] += step
        out[row, label] = (loss(moved, Yb) - loss(exact, Yb)) / step
    return out


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
"""
"""What Ben of the staff's guide has handed in: right, and not by hand."""


@dataclass(frozen=True)
class Command:
    """One command of a page: what to type, the exit code and the output that are documented."""

    page: str
    line: int
    text: str
    code: int
    output: str

    @property
    def runs(self) -> bool:
        """Tell whether the command is run here."""
        return self.text not in NOT_RUN and not self.text.startswith("make ")


@dataclass(frozen=True)
class Block:
    """One fenced block of a page; one with a `name` is that file."""

    page: str
    line: int
    kind: str
    name: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    fence = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    for found in fence.finditer(text):
        line = text.count("\n", 0, found.start()) + 2
        yield Block(str(page.relative_to(ROOT)), line, found[1], found[2] or "", found[3])


def commands(block: Block) -> Iterator[Command]:
    """Yield the commands of a `console` block, each after a dollar sign, or of an `sh` block."""
    lines = block.text.splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith("$ ") or block.kind == "sh"]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        typed, _, comment = lines[start].removeprefix("$ ").partition("  # ")
        noted = re.search(r"exits with (\d+)", comment)
        output = "\n".join(lines[start + 1 : end])
        code = int(noted[1]) if noted else 0
        yield Command(block.page, block.line + start, typed.strip(), code, output)


ALL_BLOCKS = [block for page in PAGES for block in blocks(page)]
COMMANDS = [c for block in ALL_BLOCKS if block.kind in ("console", "sh") for c in commands(block)]


def named(command: Command) -> str:
    """Return the name of a command's test."""
    return f"{command.page}:{command.line} {command.text}"


def make() -> Any:
    """Return docs/images/make.py as a module."""
    spec = importlib.util.spec_from_file_location("make_picture", PICTURES / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def copy_of_the_project(target: Path, page: str) -> None:
    """Copy what the commands of a page need, with the files and the edits that the page shows.

    In the README's copy the exercises are those of the student whose output it shows. In that of
    the staff's guide three students have handed in, one of them something that is no archive.
    """
    for name in COPIED:
        own = ["lecture.txt"] if name == "data" else []  # a copy that somebody has imported
        ignored = shutil.ignore_patterns("__pycache__", *own)
        shutil.copytree(ROOT / name, target / name, ignore=ignored)
    exercise = make()
    if page == "README.md":
        (target / "exercises" / exercise.EXERCISE).write_text(exercise.student(), encoding="utf-8")
    if page == "docs/staff.md":
        ada = target / "submissions" / "ada"
        ada.mkdir(parents=True)
        (ada / exercise.EXERCISE).write_text(exercise.student(), encoding="utf-8")
        (ada.parent / "ben.py").write_text(BEN.lstrip(), encoding="utf-8")
        (ada.parent / "eve.zip").write_text("not an archive", encoding="utf-8")
    for block in ALL_BLOCKS:
        if block.page == page and block.name:
            (target / block.name).write_text(block.text, encoding="utf-8")
        told = re.match(r"# append to (\S+)\n(.*)", block.text, re.DOTALL)
        if block.page == page and told:
            with (target / told[1]).open("a", encoding="utf-8") as file:
                file.write(told[2])


def run(command: Command, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a copy of the project, as a program, with that copy's grader."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment = {**kept, "PATH": path, "PYTHONPATH": str(folder), "PYTHONIOENCODING": "utf-8"}
    environment.pop("BACKPROP_NINJA_STATE", None)
    return subprocess.run(
        shlex.split(command.text),
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def results(
    grader: CommandLine, tmp_path_factory
) -> dict[Command, subprocess.CompletedProcess[str]]:
    """Every command's result. A page is a story in its own copy of the project: its commands run
    one after another. Where the copy's own grader is not needed, this process runs them.
    """
    folders: dict[str, Path] = {}
    found = {}
    for command in COMMANDS:
        if not command.runs:
            continue
        if command.page not in folders:
            folders[command.page] = tmp_path_factory.mktemp("project")
            copy_of_the_project(folders[command.page], command.page)
        program, *arguments = shlex.split(command.text)
        folder = folders[command.page]
        if program != "grader" or command.page in AS_PROGRAMS:
            found[command] = run(command, folder)
        else:
            done = grader.run(*arguments, cwd=folder)
            found[command] = subprocess.CompletedProcess(
                arguments, done.exit_code, done.stdout, done.stderr
            )
    return found


def masked(text: str) -> str:
    """Return a text without what may differ between machines: measured figures, trailing blanks."""
    lines = (line.rstrip() for line in text.splitlines())
    return re.sub(r"-?\d\.\d+(e[+-]\d+)?", "FIGURE", "\n".join(lines)).strip("\n")


def agrees(documented: str, printed: str) -> bool:
    """Tell whether an output is as documented; a line `...` stands for any number of lines."""
    parts = [masked(part) for part in re.split(r"^\.\.\.$", documented, flags=re.MULTILINE)]
    pattern = "(.*\n)*".join(re.escape(part) + "\n" if part else "" for part in parts)
    return re.fullmatch(pattern, masked(printed) + "\n") is not None


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.runs], ids=named)
def test_command_does_what_is_documented(command, results):
    """A command of the documentation ends with its documented exit code and output."""
    done = results[command]
    assert command.code == done.returncode, done.stderr
    if command.output:
        assert agrees(command.output, done.stdout), done.stdout


def test_other_commands_are_known():
    """A command that is not run is a target of the Makefile or has a reason."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    asked = {word for c in COMMANDS if c.text.startswith("make ") for word in c.text.split()[1:]}
    assert asked <= targets
    assert set(NOT_RUN) == {c.text for c in COMMANDS if not c.runs and c.text in NOT_RUN}
    assert {"demo", "test", "check"} <= asked


def test_commands_in_running_text_exist():
    """A command of the grader that the text mentions is one that it has."""
    mentioned = set()
    for page in PAGES:
        found = re.findall(r"`grader ([a-z]+)(?: ([a-z]+))?", page.read_text(encoding="utf-8"))
        mentioned |= set(found)
    for group, name in mentioned:
        command = cli.main.get_command(click.Context(cli.main), group)
        assert command is not None
        inner = getattr(command, "commands", None)
        assert inner is None or name == "" or name in inner


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    """A relative link of a page leads to a file or folder, and its anchor to a heading.

    The student's page is the README of a release: its links start there.
    """
    folder = ROOT if page == STUDENT_PAGE else page.parent
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (folder / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_links_of_the_students_page_are_in_a_release():
    """What the student's page links to is handed out with it."""
    links = re.findall(r"\]\(([^)\s#]+)\)", STUDENT_PAGE.read_text(encoding="utf-8"))
    released = {str(name) for name in contents.files(ROOT)}
    released |= {f"exercises/{exercise.file}" for exercise in catalogue.course().exercises}
    assert {link for link in links if not link.startswith("https://")} <= released


def models(model: type[BaseModel] = report.Report, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the models of a report with their paths, `tasks[].checks[]`; each model once."""
    found = [(path, model)]
    for name, field in model.model_fields.items():
        inner = [field.annotation, *get_args(field.annotation)]
        many = "[]" if getattr(field.annotation, "__origin__", None) is list else ""
        for kind in inner:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found += models(kind, f"{path}.{name}{many}".removeprefix("."))
    seen = set()
    for place, kind in found:
        if kind not in seen:
            seen.add(kind)
            yield place, kind


def first_column(heading: str) -> list[str]:
    """Return the first column of the table below a heading of the report's page."""
    text = REPORT_PAGE.read_text(encoding="utf-8")
    _, found, rest = text.partition(f"\n{heading}\n")
    assert found, f"docs/report.md has no heading {heading!r}"
    section = re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]
    cells = re.findall(r"^\| ([^|]*) \|", section, re.MULTILINE)
    return [cell.strip("`") for cell in cells[2:]] if cells[1:2] == ["---"] else []


@pytest.mark.parametrize(("path", "model"), list(models()), ids=str)
def test_every_field_of_the_report_is_documented(path, model):
    """The page on the report lists the fields of each object, in their order, and no others."""
    heading = f"### `{path}`" if path else "## The report"
    assert list(model.model_fields) == first_column(heading)


def test_words_of_the_report_are_documented():
    """Statuses, verdicts and isolation levels are listed as they are in the code."""
    assert list(scoring.SEVERITY) == first_column("## Statuses")
    kinds = get_args(report.Figures.model_fields["kind"].annotation)
    assert list(kinds) == first_column("## Verdicts")
    assert list(get_args(report.Isolation)) == first_column("## Isolation")


def test_exit_codes_are_documented():
    """The exit codes on the page are those of the command line's help."""
    assert re.findall(r"^ +(\d+) ", cli.EXIT_CODES, re.MULTILINE) == first_column("## Exit codes")


def test_example_is_a_report():
    """The example on the page is valid against the model."""
    (example,) = [b for b in ALL_BLOCKS if b.kind == "json" and b.page == "docs/report.md"]
    parsed = report.Report.model_validate_json(example.text)
    assert json.loads(example.text) == json.loads(parsed.as_json())


def test_counts_in_the_readme():
    """The numbers of tasks and points in the README are those of the catalogue."""
    tasks = catalogue.course().tasks
    scored, bonus = [t for t in tasks if not t.bonus], [t for t in tasks if t.bonus]
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    points, extra = sum(t.points for t in scored), sum(t.points for t in bonus)
    words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    assert f"{len(scored)} tasks are worth {points:g} points" in text
    assert f"{words[len(bonus)]} more are a bonus of {extra:g}" in text


@pytest.mark.parametrize("name", make().PICTURES)
def test_pictures_are_clean(name):
    """A picture is well-formed, loads nothing from elsewhere, and names no folder."""
    text = (PICTURES / f"{name}.svg").read_text(encoding="utf-8")
    ElementTree.fromstring(text)
    assert "@font-face" not in text
    assert re.findall(r"(?:href|src)\s*=|url\((?!#)", text) == []
    assert re.findall(r"/(?:home|tmp|root|Users|work)\b", text) == []
