"""The student's distribution: what is in it, what is not, and that it works on its own."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from grader import cases, diagnosis, grade, parts, sketches
from grader.cli import main
from grader.course import catalogue, misconceptions, recorded
from grader.options import ROOT, Options
from grader.release import build, contents, fragments, record, redact, scan
from grader.submission import read_for_course

SOLUTIONS = sorted((ROOT / "solutions").glob("*.py"))
HIDDEN = sorted((ROOT / "tests" / "hidden").glob("*.py"))
FORMULAS = sorted((ROOT / contents.FORMULAS).glob("ex*.py"))


@pytest.fixture(scope="module")
def release(tmp_path_factory) -> Path:
    """The release of this project, in a folder and beside it in an archive."""
    out = tmp_path_factory.mktemp("release") / "backprop"
    build.build(out, zipped=True)
    return out


@pytest.fixture(scope="module")
def secrets() -> scan.Secrets:
    """What the scan looks for."""
    return scan.secrets_of(ROOT)


# What is in it


def test_a_release_holds_what_students_work_with(release):
    """Stubs, public checks, corpus, README and grader are there; the archive holds the same."""
    held = {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()}
    stubs = {f"exercises/{exercise.file}" for exercise in catalogue.course().exercises}
    checks = {
        f"tests/exercises/{path.name}" for path in (ROOT / "tests" / "exercises").glob("*.py")
    }
    assert held >= stubs | checks | {"README.md", "LICENSE", "pyproject.toml", "data/names.txt"}
    with zipfile.ZipFile(release.with_name("backprop.zip")) as archive:
        assert {name.removeprefix("backprop/") for name in archive.namelist()} == held
        for name in held:
            assert archive.read(f"backprop/{name}") == (release / name).read_bytes()


def test_a_release_holds_nothing_that_is_withheld(release):
    """No solution, hidden check, formula, staff module or derivation is among its files."""
    held = {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()}
    assert not held & {str(name) for name in contents.withheld(ROOT)}
    for place in (*contents.SECRET, "grader/laws.py", "grader/mutants.py", "tests/grader"):
        assert not (release / place).is_file()
        assert not [name for name in held if name.startswith(f"{place}/ex")]
    course = catalogue.read(release / "grader" / "course" / "tasks.toml")
    own = catalogue.course().training["loss"]
    assert {key: {"threshold": own[key]["threshold"]} for key in own} == course.training["loss"]
    assert list(map(vars, course.tasks)) == list(map(vars, catalogue.course().tasks))


def test_exercises_of_a_release_are_untouched_stubs(release):
    """Whatever staff have in their own exercises, students get the generated ones."""
    for path in (release / "exercises").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                assert isinstance(node.body[-1], ast.Raise)


def test_the_manifest_lists_every_file_with_its_digest(release):
    """The manifest can tell whether a copy is complete."""
    listed = json.loads((release / build.MANIFEST).read_text(encoding="utf-8"))["sha256"]
    held = {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()}
    assert set(listed) == held - {build.MANIFEST}


def test_the_same_project_gives_the_same_bytes(release, tmp_path):
    """Neither contents nor archive depend on when or where they are made."""
    again = build.texts(ROOT)
    assert again == {name: (release / name).read_bytes() for name in again}
    copy = tmp_path / "copy"
    shutil.copytree(release, copy)
    for path in copy.rglob("*"):
        os.utime(path, (1e9, 1e9))
        path.chmod(0o700)
    build.pack(copy, tmp_path / "copy.zip", "backprop")
    assert (tmp_path / "copy.zip").read_bytes() == release.with_name("backprop.zip").read_bytes()


# The scan


def test_the_release_is_clean(release, secrets):
    """Nothing of a withheld file is found in what goes to students."""
    archive = release.with_name("backprop.zip")
    assert scan.data(archive.name, archive.read_bytes(), secrets) == []


def bodies(path: Path) -> list[tuple[int, str]]:
    """Return the bodies of a file's functions, without docstrings, with their lines."""
    source = path.read_text(encoding="utf-8")
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            first = node.body[1] if ast.get_docstring(node) else node.body[0]
            lines = source.split("\n")[first.lineno - 1 : node.end_lineno]
            found.append((first.lineno, "\n".join(lines)))
    return found


TELL_NOTHING = {
    "return tensor * 0.01",
    "return counts.clone()",
    "return -dcounts_sum_inv",
    "return -dnorm_logits",
    "return -dbndiff",
}
"""Wrong formulas and the like that are too short to be anybody's secret."""


@pytest.mark.parametrize("path", [*SOLUTIONS, *HIDDEN, *FORMULAS], ids=lambda path: path.name)
def test_every_withheld_function_is_found(path, secrets):
    """Whichever solution, hidden check or wrong formula is planted, the scan finds it."""
    missed = [
        body.strip()
        for _, body in bodies(path)
        if not scan.data("README.md", f"# Notes\n\n{body}\n".encode(), secrets)
    ]
    assert not set(missed) - TELL_NOTHING


PLANTED = {
    "a solution": ("    return counts_sum_inv * dprobs + dcounts_sum", "ex1_backward.py"),
    "a short solution": ("x = dlogprobs/probs", "ex1_backward.py"),
    "in other layout": ("(bnraw\n  *dhpreact).sum( 0,\n keepdim=True)", "ex1"),
    "a learning rate": ("learning_rate = 0.1 if i < decay_at else 0.01", "ex4_training.py"),
    "a hidden check": ("judge.gradient(draw('ties', edits={'logits': tied}))", "tests/hidden"),
    "a hidden size": ("Sizes(n=257, vocab=60, n_embd=4, block_size=8, hidden=16)", "tests/hidden"),
    "a wrong formula": ("return bngain * inverse * dhpreact_biased", "misconceptions/ex5.py"),
    "a margin": ("MARGIN = 4.0", "calibration.py"),
    "a threshold's formula": ("round(self.mean + MARGIN * self.sd + 5e-5, 4)", "calibration.py"),
    "a loss": ("it reached 2.5354 once", "tasks.toml"),
    "a spread": ("sd = 0.0146", "tasks.toml"),
    "a solution's comment": ("all forces that sum to zero in each row. The mean over the batch "
                             "divides by n.", "ex2_cross_entropy.py"),
}  # fmt: skip


def as_notebook(text: str) -> bytes:
    """Return a notebook with the text in its second cell, as a list of lines."""
    lines = text.splitlines(keepends=True)
    cells = [{"cell_type": "markdown", "source": "Welcome"}, {"cell_type": "code", "source": lines}]
    return json.dumps({"cells": cells, "nbformat": 4}).encode()


def as_zip(text: str) -> bytes:
    """Return an archive in an archive with the text in a file of it."""
    for name in ("notes.txt", "inner.zip"):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, text)
        text = stream.getvalue()
    return text


def as_tar(text: str) -> bytes:
    """Return a compressed tar with the text in a file of it."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        entry = tarfile.TarInfo("data/notes.md")
        entry.size = len(text.encode())
        archive.addfile(entry, io.BytesIO(text.encode()))
    return stream.getvalue()


PLACES = {
    "grader/hints.py": lambda text: f'"""A docstring.\n\n{text}\n"""\n'.encode(),
    "exercises/ex1_backward.py": lambda text: "".join(f"# {t}\n" for t in [text]).encode(),
    "exercises/backprop_ninja.ipynb": as_notebook,
    "data/more.zip": as_zip,
    "data/more.bin": as_tar,
    "docs/page.html": lambda text: f"<pre>{text}</pre>".encode(),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_found_with_its_place(what, place, secrets):
    """A leak is found in code, comments, notebooks and archives, and says whose it is."""
    text, origin = PLANTED[what]
    leaks = scan.data(place, PLACES[place](text), secrets)
    assert leaks
    assert all(leak.file.startswith(place) for leak in leaks)
    assert any(origin in leak.origin for leak in leaks)
    assert leaks[-1].shared in " ".join(t for t, _ in fragments.tokens_of(text))


def test_a_leak_names_its_line(secrets):
    """File and line are those of the released file."""
    (leak,) = scan.data("docs/a.md", b"one\ntwo\nx = h.T @ dlogits\n", secrets)
    assert (leak.file, leak.line, leak.shared) == ("docs/a.md", 3, "h . T @ dlogits")
    assert "solutions/ex1_backward.py, line " in leak.origin
    found = scan.data("x.ipynb", as_notebook("a = 1\nb = h.T @ dlogits\n"), secrets)
    assert ("x.ipynb, cell 2", 2) in {(leak.file, leak.line) for leak in found}


def test_a_solution_in_other_names_is_found(secrets):
    """Renaming every variable does not hide a whole solution."""
    source = (
        "def f(up, g, r, s):\n"
        "    k = up.shape[0]\n"
        "    m = up.mean(0, keepdim=True)\n"
        "    q = (up * r).sum(0, keepdim=True) / (k - 1)\n"
        "    return g * s * (up - m - r * q)\n"
    )
    leaks = scan.data("grader/extra.py", source.encode(), secrets)
    (leak,) = [leak for leak in leaks if leak.shared == "def f"]
    assert leak.line == 1
    assert "solutions/ex3_batchnorm.py" in leak.origin


def test_a_comment_between_does_not_hide_a_formula(secrets):
    """Code is looked at without its comments, too."""
    text = "x = (dlogprobs  # what arrives\n     / probs)\n"
    assert scan.data("grader/extra.py", text.encode(), secrets)


def test_what_students_are_given_is_no_leak(secrets):
    """Signatures, imports and docstrings of the stubs, and the forward lines, may be anywhere."""
    given = "import torch\nfrom torch import Tensor\nhprebn = embcat @ W1 + b1  # (n, hidden)\n"
    stub = (ROOT / "exercises" / "ex4_training.py").read_text(encoding="utf-8")
    assert scan.data("README.md", (given + stub).encode(), secrets) == []


# Building it


def small_project(folder: Path) -> Path:
    """Return a copy of what a release is made of."""
    ignored = shutil.ignore_patterns("__pycache__", "attacks", "golden", "test_*.py")
    for name in ("grader", "solutions", "data", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("exercises", "hidden"):
        shutil.copytree(ROOT / "tests" / name, folder / "tests" / name)
    for name in ("LICENSE", "constraints.txt", "pyproject.toml", "tests/conftest.py"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def test_a_leak_ends_the_build_and_leaves_nothing(tmp_path):
    """The scan is part of building: with a leak there is no folder, no archive, no rest."""
    project = small_project(tmp_path / "project")
    with (project / "docs" / "student.md").open("a", encoding="utf-8") as file:
        file.write("\nBy the way: `return h.T @ dlogits` is right.\n")
    out = tmp_path / "out" / "student"
    with pytest.raises(build.Leaked) as caught:
        build.build(out, zipped=True, root=project)
    assert [leak.file for leak in caught.value.leaks] == ["README.md"]
    assert list(out.parent.iterdir()) == []


def test_a_released_module_must_not_need_a_withheld_one(tmp_path):
    """Importing the laws from a student's module fails the build by name."""
    project = small_project(tmp_path / "project")
    with (project / "grader" / "hints.py").open("a", encoding="utf-8") as file:
        file.write("\n\ndef late():\n    from grader import laws\n    return laws\n")
    with pytest.raises(contents.Contradiction, match=r"hints\.py: imports grader\.laws"):
        contents.files(project)


@pytest.fixture
def quick(monkeypatch):
    """Build with two files and without a scan: what is tested is where it is put."""
    monkeypatch.setattr(build, "texts", lambda root: {"a/b.txt": b"b", build.MANIFEST: b"{}"})
    monkeypatch.setattr(scan, "secrets_of", lambda root: scan.Secrets(fragments.Fragments(), {}))


@pytest.mark.usefixtures("quick")
def test_nothing_of_somebodys_is_overwritten(tmp_path):
    """A folder with something in it stays as it is; --force replaces a release and nothing else."""
    out = tmp_path / "mine"
    out.mkdir()
    (out / "thesis.tex").write_text("years of work", encoding="utf-8")
    for force in (False, True):
        with pytest.raises(build.Refused, match="mine"):
            build.build(out, force=force)
    assert [path.name for path in out.iterdir()] == ["thesis.tex"]
    other = tmp_path / "release"
    build.build(other)
    (other / "stale.txt").write_text("of the last term", encoding="utf-8")
    with pytest.raises(build.Refused, match="--force"):
        build.build(other)
    build.build(other, force=True, zipped=True)
    assert {path.name for path in other.iterdir()} == {"a", build.MANIFEST}
    with pytest.raises(build.Refused, match="project itself"):
        build.build(ROOT, force=True)
    with pytest.raises(build.Refused, match=r"release\.zip"):
        build.build(tmp_path / "elsewhere" / ".." / "release", zipped=True)
    assert {path.name for path in tmp_path.iterdir()} == {"mine", "release", "release.zip"}


def test_the_command_tells_what_leaked(tmp_path, monkeypatch):
    """`grader release` exits with 1 and prints file, line and the words that are shared."""
    leaks = [scan.Leak("README.md", 7, "h . T @ dlogits", "solutions/ex1_backward.py, line 71")]

    def leaking(out, **options):
        raise build.Leaked(leaks)

    monkeypatch.setattr(build, "build", leaking)
    done = CliRunner().invoke(main, ["release", "--out", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "README.md, line 7: 'h . T @ dlogits' is from solutions/ex1_backward.py" in done.output


# What stands in for the formulas


def test_sketches_name_what_formulas_name(tmp_path, monkeypatch):
    """With sketches alone, every wrong result of a public case gets the name that the bank gives,
    and a right answer gets none.
    """
    drawn = {}
    for key in ("ex1", "ex2", "ex3", "ex5"):
        train = cases.splits_of("names").train
        drawn[key] = [cases.lecture(key, train), cases.draw(key, "public", record.ANY_UPSTREAM)]
    made = []
    for entry in misconceptions.bank():
        task = catalogue.course().resolve(entry.task)
        if entry.task.split(".")[1].startswith("d"):
            for case in drawn[task.exercise.key]:
                wrong = diagnosis.formula_on(entry, task, case)
                if wrong is not None and bool(wrong.isfinite().all()) and wrong.numel():
                    made.append((task, case, wrong, diagnosis._known(task, case, wrong, 0.0)))
    assert len(made) > 400
    monkeypatch.setattr(sketches, "FILE", tmp_path / "sketches.json")
    sketches.FILE.write_text(record.wrong_results(), encoding="utf-8")
    sketches._by_task.cache_clear()
    monkeypatch.setattr(misconceptions, "of_task", lambda task: ())
    try:
        for task, case, wrong, known in made:
            # As another machine would compute it: the last bits differ.
            found = diagnosis._known(task, case, wrong * (1 + 1e-7), 0.0)
            assert found is not None
            assert known.id == found.id
            assert diagnosis._known(task, case, wrong + 1.0, 0.0) is None
    finally:
        sketches._by_task.cache_clear()


def test_recorded_answers_are_those_of_the_course(tmp_path, monkeypatch):
    """A procedure without a body answers the public checks, and nothing else, as the body did."""
    monkeypatch.setattr(recorded, "ANSWERS", tmp_path / "recorded.json")
    recorded.ANSWERS.write_text(record.answers(), encoding="utf-8")
    heard = json.loads(recorded.ANSWERS.read_text(encoding="utf-8"))
    assert {"ex4.sample", "ex5.clip_gradients", "ex5.saturation"} == {e["task"] for e in heard}
    with pytest.raises(recorded.NotRecorded, match="public checks"):
        recorded.answer("ex5.saturation", cases.torch.zeros(3, 4), 0.5)


def test_bodies_are_gone_and_signatures_are_kept():
    """A withheld procedure keeps its signature and its docstring, and nothing else."""
    for key, names in redact.PROCEDURES.items():
        exercise = next(e for e in catalogue.course().exercises if e.key == key)
        source = (ROOT / "grader" / "course" / exercise.file).read_text(encoding="utf-8")
        before = {n.name: n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)}
        text = redact.without_bodies(source, key)
        after = {n.name: n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)}
        assert list(before) == list(after)
        for name in names:
            assert ast.dump(before[name].args) == ast.dump(after[name].args)
            assert ast.get_docstring(before[name]) == ast.get_docstring(after[name])
            assert len(after[name].body) == 2


# In a fresh environment


@pytest.fixture(scope="module")
def run(release, tmp_path_factory):
    """Run the release's own grader in a fresh environment that knows nothing of this project."""
    place = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(place, symlinks=True, with_pip=False)
    python = place / "bin" / "python"
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    told = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True)
    own = Path(told.stdout.strip())
    # The libraries are those of this environment; its editable project is not, as .pth files are
    # read in an environment's own folder only.
    (own / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(release, home / "backprop")

    def grader(*arguments: str) -> str:
        command = [str(python), "-m", "grader.cli", *arguments]
        done = subprocess.run(
            command,
            cwd=home / "backprop",
            env={"PATH": os.environ["PATH"], "HOME": str(home), "COLUMNS": "100"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return grader


def test_help_offers_students_commands_only(run):
    """What needs solutions or hidden checks is not offered."""
    listed = run("--help").partition("Commands:")[2].partition("Exit codes:")[0]
    offered = {line.split()[0] for line in listed.splitlines() if re.match(r"  \w", line)}
    assert offered >= {"check", "hint", "list", "watch", "draw", "train", "data"}
    commands = everything()
    assert offered <= commands.keys()
    for name in offered:
        assert _module_of(commands[name]) in parts.STUDENT
    staff = {name for name, found in commands.items() if _module_of(found) in parts.STAFF}
    assert staff >= {"grade", "compare", "calibrate", "sync", "dev", "cohort", "release", "audit"}
    assert not offered & staff


def everything() -> dict[str, click.Command]:
    """Return every command by name."""
    context = click.Context(main)
    named = {name: main.get_command(context, name) for name in main.list_commands(context)}
    return {name: command for name, command in named.items() if command is not None}


def _module_of(command: click.Command) -> str:
    """Return the module of `grader.commands` that a command or a group of them is in."""
    callback = command.callback
    assert callback is not None
    return callback.__module__.rpartition(".")[2]


def test_a_student_is_told_what_is_wrong_by_name(run, tmp_path):
    """Stubs are to do, and a wrong answer gets the name of its mistake, without any formula."""
    (tmp_path / "ex1_backward.py").write_text(
        "def dcounts(counts_sum_inv, dprobs):\n    return counts_sum_inv * dprobs\n\n\n"
        "def dhpreact(h, dh):\n    return (1.0 - h) * dh\n",
        encoding="utf-8",
    )
    shown = run("check", "ex1.dcounts", "ex1.dhpreact", "--path", str(tmp_path))
    entry = next(e for e in misconceptions.of_task("ex1.dcounts") if "sum-branch" in e.slug)
    assert entry.says in " ".join(shown.split())
    assert "score      0 of 5" in shown
    assert "hidden withheld" in shown
    stubs = run("check", "ex3")
    assert "to do" in stubs
    assert "score      0 of 10" in stubs


def test_solutions_earn_all_public_points_in_a_release(run):
    """Every public check can be passed, those of withheld procedures included."""
    shown = run("check", "--path", str(ROOT / "solutions"))
    assert "score      100 of 100  + 15 of 15 bonus" in shown
    assert "hidden withheld" in shown


def test_a_submission_made_in_a_release_grades_in_the_staffs_copy(release, tmp_path, zygote):
    """Stubs that were filled in, packed as the README says, are graded with hidden checks."""
    folder = tmp_path / "exercises"
    shutil.copytree(release / "exercises", folder, ignore=shutil.ignore_patterns("*.ipynb"))
    for path in SOLUTIONS[1:3]:  # exercises 2 and 3
        shutil.copy(path, folder / path.name)
    packed = tmp_path / "ada.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(folder, "exercises")
    tasks = ("ex1.dprobs", "ex2.dlogits", "ex3.dhprebn")
    report = grade.grade_one(read_for_course(packed), zygote, Options("seed", tasks=tasks))
    assert _counts([task.status for task in report.tasks]) == {"not_attempted": 1, "passed": 2}
    assert report.score == 18.0
    assert report.hidden.run


def _counts(words: list[str]) -> dict[str, int]:
    return {word: words.count(word) for word in sorted(set(words))}
