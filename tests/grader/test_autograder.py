"""Where graders run elsewhere: Gradescope's autograder in its directories, and GitHub's action."""

from __future__ import annotations

import functools
import io
import json
import os
import re
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
import torch
import yaml
from click.testing import CliRunner

from grader import autograder, cli
from grader.autograder import CannotBuild
from grader.options import ROOT

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
WORKFLOW = yaml.safe_load((ROOT / "docs" / "examples" / "grade-pushes.yml").read_text("utf-8"))
GRADED = """
def dcounts_sum_inv(counts, dprobs):
    print("::error::forged")
    return (counts * dprobs).sum(1, keepdim=True)

def dprobs(probs, dlogprobs):
    return dlogprobs * probs
"""
CONTAINER = 768 << 20
"""Bytes of memory in Gradescope's smallest container."""

WITH_CUDA = 1 << 30
"""A bound for another build of torch than the one that setup.sh installs: CUDA's libraries are in
memory, too, whether they are used or not."""


def script(path: Path, text: str) -> None:
    """Write an executable script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def container(tmp_path) -> Path:
    """Gradescope's directories, with a seed in the zip."""
    return laid_out(tmp_path, "--seed", "autumn leaves")


def laid_out(tmp_path: Path, *options: str) -> Path:
    """Return Gradescope's directories, as its harness lays them out around an uploaded zip.

    In place of what setup.sh installs, the environment of these tests runs the zip's own grader.
    """
    root = tmp_path / "autograder"
    for name in ("source", "submission", "results"):
        (root / name).mkdir(parents=True)
    done = CliRunner().invoke(
        cli.main, ["export", "autograder", "-o", str(tmp_path / "a.zip"), *options]
    )
    assert done.exit_code == 0, done.output
    subprocess.run(
        [sys.executable, "-m", "zipfile", "-e", str(tmp_path / "a.zip"), str(root / "source")],
        check=True,
    )
    harness = root / "run_autograder"
    harness.write_bytes((root / "source" / "run_autograder").read_bytes())
    harness.chmod(0o755)
    project = root / "source" / autograder.PROJECT
    script(
        root / "venv" / "bin" / "grader",
        f'cd "{project}" && PYTHONPATH="{project}" exec "{sys.executable}" -m grader.cli "$@"',
    )
    return root


def run(root: Path, watch=lambda _: None) -> subprocess.CompletedProcess[str]:
    """Run the autograder as Gradescope does."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment["AUTOGRADER_ROOT"] = str(root)
    with subprocess.Popen(
        [str(root / "run_autograder")],
        cwd=root,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        watch(process)
        told, _ = process.communicate(timeout=300)
    return subprocess.CompletedProcess([], process.returncode, told)


@pytest.fixture
def run_here(grader):
    """Run the autograder, and in this process what it asks its grader for."""

    def run_here(root: Path) -> subprocess.CompletedProcess[str]:
        with grader.program(root / "venv" / "bin" / "grader") as listening:
            return run(root, functools.partial(grader.serve, listening))

    return run_here


def result(root: Path):
    """Return what the autograder wrote."""
    return json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))


def tree(pid: int) -> list[int]:
    """Return a process and all processes below it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return [pid]
    return [pid, *(found for child in children for found in tree(int(child)))]


def memory(pid: int) -> int:
    """Return the bytes of a process's memory, what it shares counted in parts."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


def test_the_zip_has_what_gradescope_looks_for():
    """Two executable scripts at the root; the grader with its hidden checks, and no solutions."""
    content = autograder.build(ROOT, "autumn")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert 0o100755 == modes["setup.sh"] == modes["run_autograder"]
    assert {"backprop-ninja/tests/hidden/test_gradients.py", "options"} <= set(modes)
    assert not [name for name in modes if "solutions/" in name or "__pycache__" in name]
    assert content == autograder.build(ROOT, "autumn"), "equal projects give equal bytes"


@pytest.mark.parametrize("seed", ["", "a\nb", "--public-only", "\x00"])
def test_a_seed_is_nothing_but_a_seed(seed):
    """One that would be another option in the container is refused."""
    with pytest.raises(CannotBuild, match="--seed"):
        autograder.build(ROOT, seed)


def test_what_is_missing_is_named(tmp_path):
    """A copy without the hidden checks makes no autograder."""
    with pytest.raises(CannotBuild, match=r"pyproject\.toml: is missing"):
        autograder.build(tmp_path, "autumn")


def test_the_autograder_grades_within_gradescopes_memory(container):
    """The solutions earn everything, and all processes together stay below 768 MB with the build
    of torch for CPUs, which setup.sh installs.
    """
    for path in (ROOT / "solutions").glob("*.py"):
        (container / "submission" / path.name).write_bytes(path.read_bytes())
    peaks = [0]

    def sample(process):
        ended = threading.Event()

        def look():
            while not ended.wait(0.05) and process.poll() is None:
                peaks.append(sum(map(memory, tree(process.pid))))

        watcher = threading.Thread(target=look, daemon=True)
        watcher.start()
        process.wait(timeout=300)
        ended.set()
        watcher.join()

    done = run(container, sample)
    assert done.returncode == 0, done.stdout
    assert result(container)["score"] == 100
    assert 50 << 20 < max(peaks) < (WITH_CUDA if torch.version.cuda else CONTAINER)


def test_the_autograder_grades_what_is_there(container, run_here):
    """Right and wrong functions of one file, with points, and a name for everything else."""
    (container / "submission" / "mine.py").write_text(GRADED, encoding="utf-8")
    (container / "results" / "results.json").write_text('{"score": 100}', encoding="utf-8")
    done = run_here(container)
    assert done.returncode == 0, done.stdout
    found = {test["name"]: test for test in result(container)["tests"]}
    assert 2 == result(container)["score"] == found["ex1.dcounts_sum_inv"]["score"]
    assert (found["ex1.dprobs"]["status"], found["ex1.dprobs"]["score"]) == ("failed", 0)
    assert "autumn leaves" not in json.dumps(result(container))


def test_a_resubmission_has_inputs_of_its_own(grader, run_here, tmp_path):
    """Without a seed in the zip each grading draws one; staff see it in the output, students do
    not, and it repeats the grading.
    """
    root = laid_out(tmp_path)
    (root / "submission" / "mine.py").write_text(GRADED, encoding="utf-8")
    seeds = []
    for _ in range(2):
        done = run_here(root)
        assert done.returncode == 0, done.stdout
        seeds += re.findall(r"^seed +(\S+)", done.stdout, re.MULTILINE)
        assert seeds[-1] not in json.dumps(result(root))
    assert len(set(seeds)) == 2
    again = tmp_path / "again.json"
    grader("grade", root / "submission", "--seed", seeds[0], "--json", again)
    assert seeds[0] == json.loads(again.read_text(encoding="utf-8"))["seed"]


def test_an_unreadable_submission_is_told_why(container, run_here):
    """No source in it: a result of no points that says so, since the autograder did not fail."""
    (container / "submission" / "essay.txt").write_text("hello", encoding="utf-8")
    done = run_here(container)
    assert done.returncode == 0, done.stdout
    assert result(container)["score"] == 0
    assert "holds no .py file" in result(container)["output"]


def test_a_failed_grader_leaves_no_result(container):
    """No result, not even an old one, and the exit code of the grader: this is no score."""
    (container / "results" / "results.json").write_text('{"score": 100}', encoding="utf-8")
    script(container / "venv" / "bin" / "grader", "exit 4")
    assert run(container).returncode == 4
    assert list((container / "results").iterdir()) == []


def test_setup_installs_torch_for_the_cpu(container):
    """Run with stand-ins for the installers, it asks for the CPU's torch, and pinned versions."""
    tools = container / "tools"
    script(tools / "apt-get", "true")
    noted = f'echo "$@" >> "{container}/asked"'
    recorded = f"#!/bin/sh\n{noted}\n"
    script(
        tools / "python3",
        f'mkdir -p "$3/bin" && printf \'%s\' \'{recorded}\' | tee "$3/bin/python" > "$3/bin/uv"\n'
        'chmod +x "$3/bin/python" "$3/bin/uv"',
    )
    environment = os.environ | {
        "AUTOGRADER_ROOT": str(container),
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
    }
    subprocess.run(["bash", str(container / "source" / "setup.sh")], env=environment, check=True)
    asked = (container / "asked").read_text(encoding="utf-8").splitlines()
    project = container / "source" / autograder.PROJECT
    assert f"--constraint {project}/constraints.txt --editable {project}" in asked[-1]
    assert "--torch-backend cpu" in asked[-1]
    assert f"--python >=3.11 {container}/venv" in asked[-2]


def step(name: str) -> dict:
    """Return a step of the action."""
    return next(found for found in ACTION["runs"]["steps"] if found.get("name") == name)


def push(grader, tmp_path: Path, submission: Path, **inputs) -> tuple[int, str, Path]:
    """Run the action's step as a runner does, and in this process what it asks the grader for;
    return exit code, log, and the runner's folder.
    """
    temp = tmp_path / "temp"
    programs = temp / "backprop-ninja" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    given = {name: value.get("default", "") for name, value in ACTION["inputs"].items()} | inputs
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment |= {"RUNNER_TEMP": str(temp), "PYTHONPATH": str(ROOT)}
    environment |= {
        "GITHUB_STEP_SUMMARY": str(temp / "summary"),
        "GITHUB_OUTPUT": str(temp / "out"),
    }
    for variable, expression in step("Grade")["env"].items():
        environment[variable] = given[expression.removeprefix("${{ inputs.").removesuffix(" }}")]
    environment["SUBMISSION"] = str(submission)
    with (
        grader.program(programs / "grader") as listening,
        subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step("Grade")["run"]],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        grader.serve(listening, process)
        log, _ = process.communicate()
    return process.returncode, log, temp


def commanded(log: str) -> list[str]:
    """Return the lines of a log that the runner takes for commands."""
    found, stopped = [], ""
    for line in log.splitlines():
        if stopped:
            stopped = "" if line == stopped else stopped
        elif line.startswith("::stop-commands::"):
            stopped = f"::{line.removeprefix('::stop-commands::')}::"
        elif line.startswith("::"):
            found.append(line)
    return found


def test_a_push_is_graded(grader, tmp_path):
    """A summary, annotations at the student's functions, outputs; and no command of a print."""
    (tmp_path / "mine.py").write_text(GRADED, encoding="utf-8")
    code, log, temp = push(grader, tmp_path, Path("mine.py"))
    assert code == 0, log
    assert [line[:55] for line in commanded(log)] == [
        "::error file=mine.py,line=6,title=ex1.dprobs%3A failed:"
    ]
    assert "## Backprop Ninja: 2 of 100" in (temp / "summary").read_text(encoding="utf-8")
    assert "hidden checks withheld" in (temp / "summary").read_text(encoding="utf-8")
    assert (temp / "out").read_text(encoding="utf-8") == "score=2\nmax-score=100\n"


def test_a_push_below_the_limit_fails(grader, tmp_path):
    """The step ends with the grader's exit code, after its summary was written."""
    (tmp_path / "mine.py").write_text(GRADED, encoding="utf-8")
    code, log, temp = push(grader, tmp_path, Path("mine.py"), **{"fail-under": "50"})
    assert code == 1, log
    assert (temp / "summary").exists()


def test_a_push_that_cannot_be_read_commands_nothing(grader, tmp_path):
    """A file name that would be a command to the runner is none, and the failure is an error."""
    folder = tmp_path / "exercises"
    folder.mkdir()
    (folder / "a\n::error::forged\n.py").write_bytes(b"\xff")
    code, log, temp = push(grader, tmp_path, Path("exercises"))
    assert code == 3, log
    (line,) = commanded(log)
    assert line.startswith("::error title=Backprop Ninja::There is no score (exit code 3)")
    assert not (temp / "out").exists()


def test_the_action_pastes_no_input_into_a_script():
    """Inputs reach the scripts by the environment; each is used, and each has a description."""
    steps = ACTION["runs"]["steps"]
    assert not [found for found in steps if "${{" in found.get("run", "")]
    used = json.dumps([found.get("env", {}) | found.get("with", {}) for found in steps])
    for name, facts in ACTION["inputs"].items():
        assert f"inputs.{name} " in used
        assert facts["description"]


def test_the_workflow_uses_the_action_as_it_is():
    """The example grants no more than reading, and gives inputs that the action has."""
    (job,) = WORKFLOW["jobs"].values()
    assert WORKFLOW["permissions"] == {"contents": "read"}
    own = next(found for found in job["steps"] if found["uses"].startswith("OWNER/"))
    assert set(own["with"]) <= set(ACTION["inputs"])
    assert (ROOT / own["with"]["path"]).is_dir()
