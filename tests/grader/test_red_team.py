"""What the attack suite cannot hold: laws of shared workers, hostile cohorts, and their pages."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader import examination, grade
from grader.audit import evidence
from grader.cli import main
from grader.cohort import index as indices
from grader.cohort import ledger as ledgers
from grader.cohort import publish
from grader.cohort.index import Entry, Index
from grader.course import catalogue
from grader.options import ROOT, Options
from grader.render.gathered import gathered
from grader.report import Finding, Report
from grader.sandbox.guest.source import side_effects
from grader.sandbox.host.zygote import Zygote
from grader.submission import Submission

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")

GOLDEN = Path(__file__).parent / "golden"
FILE = "ex1_backward.py"


def submitted(*texts: str, file: str = FILE) -> Submission:
    """Return a submission of one file, put together from several."""
    return Submission("somebody", {file: "\n\n".join(texts).encode()}, "0" * 64)


def timeless(report: Report) -> dict[str, object]:
    """Return a report as plain data, without its times, its tasks by name."""
    told = report.model_dump(mode="json", exclude={"duration_s"})
    told["tasks"] = {task["full_name"]: {**task, "duration_s": 0} for task in told["tasks"]}
    told["exercises"] = sorted(told["exercises"], key=lambda one: one["key"])
    return told


@pytest.fixture
def sharing(monkeypatch):
    """Return a function that says which files of all submissions count as plain; None: by law."""
    inspect = examination.inspect
    asked: list[bool | None] = [None]

    def inspected(zygote, submission, *more):
        inspection, told = inspect(zygote, submission, *more)
        if inspection is not None and asked[0] is not None:
            files = submission.files if asked[0] else ()
            inspection = replace(inspection, plain=frozenset(files))
        return inspection, told

    monkeypatch.setattr(examination, "inspect", inspected)
    return lambda answer: asked.__setitem__(0, answer)


# One worker for several tasks


def mistakes() -> str:
    """Return a file with the wrong functions of the goldens, one for each task."""
    found: dict[str, str] = {}
    for path in sorted((GOLDEN / "wrong").glob("ex1_*.py")):
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        if len(functions) == 1 and side_effects.is_plain(tree.body):
            found[functions[0].name] = ast.unparse(functions[0])
    return "\n\n".join(["import torch\nimport torch.nn.functional as F", *found.values()])


WARNED = """
import torch


def helper(x):
    return x.T


def dprobs(probs, dlogprobs):
    helper(torch.zeros(2, 2, 2))
    return dlogprobs / probs


def dnorm_logits(counts, dcounts):
    helper(torch.zeros(2, 2, 2))
    return dcounts * counts
"""
SHARED = {
    "warned": WARNED,
    "mistakes": mistakes(),
    **{
        name: (GOLDEN / "correct" / f"{name}.py").read_text(encoding="utf-8")
        for name in ("ex1_python_loops", "ex1_masks", "ex1_index_put")
    },
}
AN_EXERCISE = tuple(task.full_name for task in catalogue.course().of_exercise("ex1"))


@pytest.mark.parametrize("text", SHARED.values(), ids=SHARED)
def test_a_shared_worker_gives_the_report_of_one_for_each_task(text, zygote, sharing) -> None:
    """Right and wrong functions alike: score, figures, diagnoses and prints are the same."""
    submission = submitted(text)
    options = Options(seed="red", tasks=AN_EXERCISE, public_only=True)
    assert side_effects.is_plain(ast.parse(text).body)

    shared = grade.grade_one(submission, zygote, options)
    sharing(False)
    apart = grade.grade_one(submission, zygote, options)

    assert timeless(shared) == timeless(apart)
    assert any(task.status not in ("passed", "not_attempted") for task in apart.tasks) == (
        text is SHARED["mistakes"]
    )


TROUBLE = """
import torch


def dlogprobs(logprobs, Yb):
    torch.rand(100, generator=None)
    out = logprobs * 0
    out[range(len(Yb)), Yb] = -1.0 / len(Yb)
    return out


def dprobs(probs, dlogprobs):
    while True:
        pass


def dcounts_sum(counts_sum, dcounts_sum_inv):
    def deeper(x):
        return deeper(x)

    return deeper(counts_sum)


def dnorm_logits(counts, dcounts):
    return (counts * dcounts).reshape([1] * 40 + [-1])


def dh(W2, dlogits):
    return torch.zeros(10**10)


def dW2(h, dlogits):
    return h.T @ dlogits


def db2(dlogits):
    print(torch.rand(1, generator=None).item())
    return dlogits.sum(0)
"""


@pytest.mark.parametrize("is_shared", [True, False])
def test_the_order_of_tasks_does_not_change_a_report(
    is_shared, zygote, sharing, monkeypatch
) -> None:
    """Whatever hangs, crashes, draws or answers nonsense comes before the others, or after them."""
    course = catalogue.course()
    hasty = [replace(task, deadline_s=0.5) for task in course.tasks]
    written = {f"ex1.{node.name}" for node in ast.parse(TROUBLE).body[1:]}  # type: ignore[attr-defined]
    options = Options(seed="red", tasks=tuple(sorted(written)), public_only=True)
    assert side_effects.is_plain(ast.parse(TROUBLE).body)
    sharing(is_shared)
    found = []
    for tasks in (hasty, hasty[::-1]):
        ordered = replace(course, tasks=tuple(tasks))
        monkeypatch.setattr(catalogue, "course", lambda ordered=ordered: ordered)
        found.append(timeless(grade.grade_one(submitted(TROUBLE), zygote, options))["tasks"])

    statuses = {name: task["status"] for name, task in found[0].items()}  # type: ignore[attr-defined]
    assert found[0] == found[1]
    assert statuses == {
        "ex1.dlogprobs": "passed",
        "ex1.dprobs": "timeout",
        "ex1.dcounts_sum": "error",
        "ex1.dnorm_logits": "error",
        "ex1.dh": "memory",
        "ex1.dW2": "passed",
        "ex1.db2": "passed",
    }


def nested(depth: int) -> str:
    """Return a function that parses at once and whose compilation doubles with each level."""
    lines = ["def deep(x):"]
    for level in range(1, depth + 1):
        lines += ["    " * level + text for text in ("try:", "    x = 1", "finally:")]
    return "\n".join([*lines, "    " * (depth + 1) + "x = 2"])


HANGS_WHEN_LOADED = {"a power": "X = 9**9**9**9\n", "a compilation": nested(19) + "\n"}


@pytest.mark.parametrize("text", HANGS_WHEN_LOADED.values(), ids=HANGS_WHEN_LOADED)
def test_what_takes_long_to_load_is_not_plain(text: str) -> None:
    """A file that nobody can load is nobody's company."""
    assert not side_effects.is_plain(ast.parse(text).body)


def test_a_file_that_cannot_be_loaded_costs_its_own_tasks(zygote, sharing, monkeypatch) -> None:
    """Even if it were taken for plain: the shared worker is replaced for the files after it."""
    course = catalogue.course()
    hasty = replace(course, tasks=tuple(replace(task, deadline_s=0.5) for task in course.tasks))
    monkeypatch.setattr(catalogue, "course", lambda: hasty)
    files = {
        FILE: "def dprobs(probs, dlogprobs):\n    return dlogprobs / probs\n",
        "ex2_cross_entropy.py": "X = 9**9**9**9\n\n\ndef dlogits(logits):\n    return logits\n",
        "ex3_batchnorm.py": (ROOT / "solutions" / "ex3_batchnorm.py").read_text(encoding="utf-8"),
    }
    submission = Submission("hangs", {n: text.encode() for n, text in files.items()}, "0" * 64)
    options = Options(tasks=("ex1.dprobs", "ex2.dlogits", "ex3.dhprebn"), public_only=True)
    sharing(True)
    report = grade.grade_one(submission, zygote, options)

    assert [task.status for task in report.tasks] == ["passed", "timeout", "passed"]


def test_draws_without_a_seed_are_the_same_in_every_run(zygote) -> None:
    """And in every call, whatever was drawn before: another machine prints the same."""
    source = (
        "import torch\n\ndef db2(dlogits):\n    print(torch.rand(1).item())\n    return dlogits"
    )
    options = Options(seed="red", tasks=("ex1.db2",), public_only=True)
    with Zygote() as another:
        told = [
            grade.grade_one(submitted(source), one, options).tasks[0].output.split()
            for one in (zygote, another)
        ]

    assert told[0] == told[1]
    assert len(told[0]) > 1
    assert len(set(told[0])) == 1


# A cohort with hostile names


HOSTILE = (
    "<script>alert(1)</script>",
    "=cmd()|calc",
    "red\x1b[31m",
    "two\nlines",
    "'\"; onload=x",
    "..",
    "\u202etxt",
)


@pytest.fixture(scope="module")
def hostile(grader, tmp_path_factory) -> tuple[Path, str]:
    """A graded cohort with hostile names, links and a pipe, and what the command printed."""
    folder = tmp_path_factory.mktemp("hostile")
    submissions, secret = folder / "submissions", folder / "secret.py"
    submissions.mkdir()
    secret.write_text("SECRET = 'of the staff'\n\ndef db2(dlogits):\n    return dlogits.sum(0)\n")
    for number, name in enumerate(HOSTILE):
        source = f"def db2(dlogits):\n    print({name!r})\n    return dlogits.sum({number} * 0)\n"
        (submissions / f"{number}{name.replace('/', '')}.py").write_text(source)
    (submissions / "linked.py").symlink_to(secret)
    (submissions / "linked_folder").symlink_to(folder)
    (submissions / "dangling.py").symlink_to(folder / "nothing")
    (submissions / "inside").mkdir()
    (submissions / "inside" / FILE).symlink_to(secret)
    os.mkfifo(submissions / "pipe.py")
    more = ["--task", "ex1.db2", "--workers", "1", "--seed", "canary-5f1", "--student-pages"]
    return folder / "out", grader("cohort", submissions, "--out", folder / "out", *more)


def test_names_of_files_steer_nothing(hostile) -> None:
    """Neither a terminal, nor a page, nor a spreadsheet; and no page leaves its folder."""
    out, told = hostile
    assert "\x1b[31m" not in told
    assert "\u202e" not in told
    pages = [*out.glob("*.html"), *out.glob("html/*"), *out.glob("students/*")]
    assert len(pages) == 1 + 2 * len(HOSTILE)
    for page in pages:
        assert re.fullmatch(r"[\w.-]+", page.name)
        text = page.read_text(encoding="utf-8")
        assert "<script>alert" not in text
        assert not {"\x1b", "\u202e"} & set(text)
    table = CliRunner().invoke(main, ["export", "csv", str(out)])
    assert table.exit_code == 0
    assert not re.search(r"(^|,)\"?[=+@]", table.output, re.MULTILINE)


def test_links_and_pipes_are_not_followed(hostile) -> None:
    """Whoever hands in a link reads nothing through it, and a pipe holds nobody up."""
    out, _ = hostile
    outcomes = {entry.path: entry.outcome for entry in indices.load(out).entries}
    for name in ("linked.py", "linked_folder", "dangling.py", "inside", "pipe.py"):
        assert outcomes[name] == "unreadable"
    everything = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert b"of the staff" not in everything


def test_pages_for_students_tell_no_secret(hostile) -> None:
    """The staff's page has the seed of the hidden checks, and the student's has not."""
    out, _ = hostile
    report = next(iter(indices.load(out).reports().values()))
    assert [c.visibility for task in report.tasks for c in task.checks].count("hidden") > 3
    for staff in out.glob("html/*.html"):
        theirs = staff.read_text(encoding="utf-8")
        own = (out / "students" / staff.name).read_text(encoding="utf-8")
        assert "canary-5f1" in theirs
        assert "canary-5f1" not in own
        assert "Right on the lecture" in own


# Pages for students


def entry(name: str, report: str | None) -> Entry:
    """Return the entry of a student, who has a report or none."""
    score = 1.0 if report else None
    return Entry(
        id=name, name=name, path=name, digest=None, outcome="graded" if report else "unreadable",
        message="", report=report, score=score, max_score=score, bonus=score, max_bonus=score,
        statuses={}, submitted_at=None, facts={}, notes=[],
    )  # fmt: skip


def an_index(*entries: Entry) -> Index:
    """Return the index of a cohort."""
    return Index(
        seed="s", corpus="names", public_only=False, tasks=[], isolation="jail", allow=[],
        course="c", grader="1", sources="s", environment={}, entries=list(entries), notes=[],
    )  # fmt: skip


@pytest.fixture(scope="module")
def report(zygote) -> Report:
    """The report of one task."""
    source = "def db2(dlogits):\n    return dlogits.sum(0)\n"
    return grade.grade_one(submitted(source), zygote, Options("canary-5f2", tasks=("ex1.db2",)))


def pages(report: Report, folder: Path, kept: Mapping[str, str | None], *, asked: bool) -> set[str]:
    """Publish the reports of students; return the names of the pages made for them."""
    with ledgers.opened(folder) as ledger:
        ledger.keep_report("k", report.as_json(), {"seconds": 1.0, "tasks": {}})
        index = an_index(*(entry(name, place) for name, place in kept.items()))
        publish.publish(ledger, index, for_students=asked)
    return {path.name for path in folder.glob("students/*")}


def test_pages_for_students_are_kept_up_to_date(report, tmp_path) -> None:
    """They are written when they are asked for; from then on none of them tells an old score."""
    both: dict[str, str | None] = {"ada": "reports/k.json", "bob": "reports/k.json"}
    assert pages(report, tmp_path / "out", both, asked=False) == set()
    assert pages(report, tmp_path / "out", both, asked=True) == {"ada.html", "bob.html"}
    assert pages(report, tmp_path / "out", {**both, "bob": None}, asked=False) == {"ada.html"}


# One finding at several places


def finding(line: int, task: str, id_: str = "0123456789") -> Finding:
    """Return a finding at a line."""
    return Finding(
        id=id_, file=FILE, line=line, kind="differences", what="f(x)", reason="why",
        tasks=[task], state="open",
    )  # fmt: skip


def test_a_finding_at_several_places_is_listed_once(report, tmp_path, zygote) -> None:
    """With all of its places: on the class's page, in the audit, in the table for a spreadsheet."""
    several = [finding(3, "ex1.dh"), finding(5, "ex1.db2"), finding(9, "ex1.dh")]
    other = finding(4, "ex1.dh", "9876543210")
    flagged = report.model_copy(update={"findings": [several[0], other, *several[1:]]})
    pages(flagged, tmp_path / "out", {"ada": "reports/k.json"}, asked=False)
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    rows = [row for row in page.split("<tr>") if "f(x)" in row]
    table = CliRunner().invoke(main, ["export", "csv", str(tmp_path / "out")]).output

    assert len(rows) == 2
    assert f"{FILE}:3; {FILE}:5; {FILE}:9" in rows[0]
    assert "ex1.dh, ex1.db2" in rows[0]
    assert "0123456789:open 9876543210:open" in table
    assert table.count("0123456789") == 1
    found = evidence.gather(indices.load(tmp_path / "out"), zygote).findings
    assert [one.place for one in found] == [f"{FILE}:3; {FILE}:5; {FILE}:9", f"{FILE}:4"]


def test_of_very_many_places_five_are_told() -> None:
    """And how many more there are."""
    [once] = gathered([finding(line, "ex1.dh") for line in range(1, 9)])
    assert len(once.places) == 8
    assert once.place.startswith(f"{FILE}:1; {FILE}:2; ")
    assert once.place.endswith(f"{FILE}:5; 3 more places")
