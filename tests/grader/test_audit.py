"""Evidence about a cohort: what is found, what is not, and that none of it is a verdict."""

from __future__ import annotations

import hashlib
import json
import re
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from grader import grade
from grader.audit import alike, evidence, remarks, sources, table
from grader.cli import main
from grader.cohort import index as cohort
from grader.cohort.index import Entry, Index
from grader.options import ROOT, Options
from grader.report import Finding
from grader.sandbox.guest.source import fingerprints
from grader.submission import Submission

LOOP = '''
def dC(C, Xb, demb):
    """My own words."""
    total = torch.zeros_like(C)
    for row in range(Xb.shape[0]):
        for place in range(Xb.shape[1]):
            total[Xb[row, place]] += demb[row, place]
    return total
'''
RENAMED = """
def dC(C, Xb, demb):
    grad = torch.zeros_like( C )  # start from nothing
    for i in range(Xb.shape[0]):

        for j in range(Xb.shape[1]):
            grad[Xb[i, j]] += demb[i, j]
    return (grad)
"""
OTHER = """
def dC(C, Xb, demb):
    total = torch.zeros_like(C)
    for row, context in enumerate(Xb.tolist()):
        for place, code in enumerate(context):
            total[code] = total[code] + demb[row, place]
    return total
"""
ONE_LINE = "def dprobs(probs, dlogprobs):\n    return dlogprobs / probs\n"
SOLUTION = (ROOT / "solutions" / "ex4_training.py").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def report(zygote):
    """A report of one public task."""
    files = {"ex1_backward.py": ONE_LINE.encode()}
    submission = Submission("somebody", files, "0" * 64)
    options = Options("audit", public_only=True, tasks=("ex1.dprobs",))
    return grade.grade_one(submission, zygote, options)


@pytest.fixture
def graded(tmp_path, report):
    """Return a function that lays a graded cohort out in a folder, as `grader cohort` does."""

    def lay_out(
        files: dict[str, str], seconds: dict[str, float] | None = None, findings=()
    ) -> Path:
        entries, times = [], []
        for name in ("sources", "reports"):
            (tmp_path / name).mkdir()
        for student, text in files.items():
            digest = hashlib.sha256(text.encode()).hexdigest()
            held = json.dumps({"ex1_backward.py": text})
            (tmp_path / "sources" / f"{digest}.json").write_text(held, encoding="utf-8")
            own = [f for owner, f in findings if owner == student]
            made = report.model_copy(update={"findings": own})
            (tmp_path / "reports" / f"{student}.json").write_text(made.as_json(), encoding="utf-8")
            times.append({"key": student, "seconds": (seconds or {}).get(student, 1), "tasks": {}})
            entries.append(entry(student, digest))
        index = Index.model_validate({**CONDITIONS, "entries": entries})
        (tmp_path / cohort.SUMMARY).write_text(index.as_json(), encoding="utf-8")
        lines = "".join(json.dumps(line) + "\n" for line in times)
        (tmp_path / cohort.TIMES).write_text(lines, encoding="utf-8")
        return tmp_path

    return lay_out


CONDITIONS = {"seed": "s", "corpus": "names", "public_only": True, "tasks": [], "notes": [],
              "isolation": "jail", "allow": [], "course": "c", "grader": "0", "sources": "d",
              "environment": {}}  # fmt: skip


def entry(student: str, digest: str | None) -> Entry:
    """Return the entry of a graded student."""
    return Entry(
        id=student, name=f"Student {student}", path=f"{student}.py", digest=digest,
        outcome="graded", message="", report=f"reports/{student}.json", score=1.0, max_score=1.0,
        bonus=0.0, max_bonus=0.0, statuses={"passed": 1}, submitted_at=None, facts={}, notes=[],
    )  # fmt: skip


def read(**texts: str) -> dict[str, sources.Sources]:
    """Return the sources of students, read without a jail: these are the tests' own."""
    found = {}
    for student, text in texts.items():
        plain = fingerprints.survey({"a.py": text})
        found[student] = sources.Sources(
            tuple(sources.Function(**function) for function in plain["functions"]),
            tuple(sources.Remark(**remark) for remark in plain["remarks"]),
        )
    return found


def same(cohort_: dict[str, sources.Sources], reference: set[str] = frozenset()):
    """Return who shares functions, when all files differ."""
    return alike.functions(cohort_, {student: student for student in cohort_}, reference)


# What is alike


def digest(text: str) -> str:
    """Return the fingerprint of the only function of a text."""
    (function,) = fingerprints.of_file("a.py", text)
    return function["digest"]


def test_names_layout_and_comments_do_not_matter():
    """The same function in other names is the same; another way to write it is another one."""
    assert digest(LOOP) == digest(RENAMED)
    assert digest(LOOP) != digest(OTHER)


def test_what_is_called_and_which_numbers_are_used_matters():
    """Functions of a library, attributes and constants are no names that one chooses."""
    base = "def f(a, b):\n    return torch.sum(a * 2.0 + b, 0)\n"
    assert digest(base) != digest(base.replace("sum", "mean"))
    assert digest(base) != digest(base.replace("2.0", "3.0"))
    assert digest(base) != digest(base.replace("a * 2.0 + b", "b * 2.0 + b"))
    assert digest(base) == digest("def g(y, z):\n    'doc'\n    return torch.sum(y*2.0+z, 0)")


NAMES = st.text("abcdefghij_", min_size=1, max_size=8).map(lambda name: f"v_{name}")


@given(st.lists(NAMES, min_size=4, max_size=4, unique=True))
def test_any_renaming_keeps_the_fingerprint(names):
    """Whatever variables are called, the fingerprint is the same."""
    text = textwrap.dedent(LOOP)
    for old, new in zip(("total", "row", "place", "demb"), names, strict=True):
        text = re.sub(rf"\b{old}\b", new, text)
    assert digest(text) == digest(LOOP)


def test_a_source_that_breaks_readers_costs_nobody_anything():
    """What is nested beyond reason, or does not parse, has no fingerprint; others keep theirs."""
    deep = "def f(a):\n    return " + "-" * 3000 + "a\n"
    broken = "def g(:\n    return 1\n"
    names = [f["name"] for f in fingerprints.of_file("a.py", deep + broken + LOOP)]
    assert names[-1] == "dC"
    assert "g" not in names


def test_a_shared_loop_is_found_and_a_formula_that_all_write_is_not():
    """Two of ten students with one loop are a group; ten with the same line are none."""
    texts = {f"s{k}": ONE_LINE for k in range(10)}
    texts["s3"] += LOOP
    texts["s7"] += RENAMED
    texts["s8"] += OTHER
    (group,) = same(read(**texts))
    assert (group.students, group.functions) == (("s3", "s7"), ("dC",))
    assert not group.identical


def test_what_many_have_weighs_nothing():
    """A function that a large part of the cohort has is common, not evidence."""
    half = {f"s{k}": ONE_LINE + (LOOP if k % 2 else "") for k in range(10)}
    assert same(read(**half)) == []


def test_what_the_reference_solution_says_too_does_not_count():
    """Students who find the reference's own lines have them in common with it."""
    found = read(a=LOOP, b=RENAMED, c=ONE_LINE)
    assert same(found, {digest(LOOP)}) == []
    assert [group.students for group in same(found)] == [("a", "b")]


def test_rarer_and_larger_weighs_more():
    """Of two groups the one with more in common, and with fewer students, comes first."""
    twice = RENAMED + OTHER.replace("dC", "demb")
    texts = {f"s{k}": ONE_LINE for k in range(40)}
    texts |= {"s1": LOOP, "s2": LOOP, "s3": LOOP, "s8": twice[len(RENAMED) :], "s9": OTHER}
    groups = same(read(**texts))
    assert [group.students for group in groups] == [("s8", "s9"), ("s1", "s2", "s3")]
    assert groups[0].weight > groups[1].weight


def test_identical_files_are_said_to_be_identical():
    """Two uploads of one file are told from two files with the same functions."""
    found = read(a=LOOP, b=LOOP, c=ONE_LINE)
    (group,) = alike.functions(found, {"a": "1", "b": "1", "c": "2"}, set())
    assert group.identical


def test_rare_comments_are_found_and_common_ones_are_not():
    """A sentence that two of many wrote is told once; short remarks and shared ones are not."""
    odd = "# the third time I got this wrong, luckily\nx = 1\n"
    usual = "# gradient of the second linear layer\n"
    texts = {f"s{k}": f"{usual}# (n, vocab)\n" for k in range(30)}
    texts |= {"s4": usual + odd, "s5": usual + odd.replace("luckily", "Luckily!")}
    (remark,) = alike.remarks_of(read(**texts))
    assert remark.students == ("s4", "s5")
    assert "third time" in remark.text


def test_comments_of_published_solutions_are_recognised_without_keeping_them():
    """The list holds digests; a comment of a well-known solution is found in any case."""
    assert remarks.is_published("Manual backprop! #swole_doge_meme")
    assert remarks.is_published("so: the local derivative of tanh is 1 - h**2, as we know")
    assert not remarks.is_published("sum over the batch, as the bias was broadcast")
    for line in remarks.LECTURE.read_text(encoding="utf-8").split():
        assert re.fullmatch(r"[0-9a-f]{16}", line)


def test_stubs_and_solutions_of_this_course_hold_no_published_comment():
    """What students are given would make everybody look alike."""
    for folder in ("exercises", "solutions"):
        for path in (ROOT / folder).glob("*.py"):
            for remark in fingerprints.remarks(path.name, path.read_text(encoding="utf-8")):
                assert not remarks.is_published(remark["text"])


def test_unusual_times_are_told_and_usual_ones_are_not():
    """Far from the median, in both directions; a cohort of a few has no usual time."""
    usual = {f"s{k}": 5.0 + 0.1 * k for k in range(10)}
    assert evidence.unusual(usual) == []
    found = evidence.unusual({**usual, "slow": 60.0, "quick": 0.4})
    assert [time.student for time in found] == ["slow", "quick"]
    assert evidence.unusual({"a": 1.0, "b": 90.0}) == []


def test_the_references_large_functions_are_recognised():
    """A copy of the reference solution is told; a single function of it is nobody's fault."""
    reference = read(r=SOLUTION)["r"]
    copied = SOLUTION.replace("hprebn", "pre").replace("bnraw", "raw")
    (like,) = evidence.like_solutions(read(a=copied, b=LOOP, c=ONE_LINE), reference)
    assert like.student == "a"
    assert {"backward", "train", "sample"} <= set(like.functions)


# A whole cohort


FINDING = Finding(
    id="f1", file="ex1_backward.py", line=4, kind="differences", what="f(x) / eps",
    reason="may be a finite difference", tasks=["ex1.dprobs"], state="open",
)  # fmt: skip


@pytest.fixture
def class_of_twelve(graded):
    """Twelve students: two with one loop, one slow, one with a finding, one odd comment twice."""
    files = {f"s{k:02}": f"# take {k}\n{ONE_LINE}" for k in range(12)}
    files["s01"] += LOOP
    files["s02"] += RENAMED
    files["s05"] += "# manual backprop! #swole_doge_meme\n"
    files["s06"] += "# \x1b[31mred, bold and [bold]marked[/bold] up\n"
    files["s07"] += "# \x1b[31mred, bold and [bold]marked[/bold] up\n"
    return graded(files, {"s09": 40.0}, [("s04", FINDING)])


def test_the_evidence_of_a_cohort(class_of_twelve, zygote):
    """Every kind is gathered, from sources that are read in the jail."""
    found = evidence.gather(cohort.load(class_of_twelve), zygote)
    assert found.students == 12
    assert [group.students for group in found.same_functions] == [("s01", "s02")]
    assert [place.student for place in found.published_remarks] == ["s05"]
    assert [remark.students for remark in found.same_remarks] == [("s06", "s07")]
    assert [(p.student, p.line, p.what) for p in found.findings] == [("s04", 4, "f(x) / eps")]
    assert [time.student for time in found.unusual_times] == ["s09"]
    assert found.like_solutions == ()
    assert found.unread == ()


def test_a_student_without_sources_is_named(class_of_twelve, zygote):
    """Whose sources are gone is said; the others are compared all the same."""
    index = cohort.load(class_of_twelve)
    gone = next(e for e in index.entries if e.id == "s11")
    (class_of_twelve / "sources" / f"{gone.digest}.json").unlink()
    found = evidence.gather(index, zygote)
    assert [student for student, _ in found.unread] == ["s11"]
    assert [group.students for group in found.same_functions] == [("s01", "s02")]


def shown(folder: Path, found: evidence.Evidence, *, ids: bool = False) -> str:
    """Return what is printed on a terminal of 80 columns."""
    entries = cohort.load(folder).entries
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    table.show(found, {e.id: e.id if ids else e.name for e in entries}, console)
    return console.export_text()


def test_the_tables_fit_and_judge_nobody(class_of_twelve, zygote):
    """80 columns, the students' names, no word of blame, and nothing that a terminal obeys."""
    text = shown(class_of_twelve, evidence.gather(cohort.load(class_of_twelve), zygote))
    assert max(map(len, text.splitlines())) <= 80
    assert "Student s01, Student s02" in text
    assert "Functions that are the same after normalising" in text
    assert "not what it means" in " ".join(text.split())
    assert not re.search(r"cheat|copied|plagiar|guilty|fraud", text, re.IGNORECASE)
    assert "\x1b" not in text
    assert "[bold]marked[/bold]" in text


def test_an_unremarkable_cohort_is_said_to_be_so(graded, zygote):
    """Students who all wrote what one has to write give no evidence of anything."""
    folder = graded({f"s{k}": f"# {k}\n{ONE_LINE}" for k in range(6)})
    text = shown(folder, evidence.gather(cohort.load(folder), zygote))
    assert "weight" not in text
    assert "nothing of: functions that are the same" in " ".join(text.lower().split())


def test_the_command_writes_json_and_changes_nothing(grader, class_of_twelve, tmp_path):
    """`grader audit DIR --json -` prints everything with ids; the cohort stays as it is."""
    before = {path: path.read_bytes() for path in class_of_twelve.rglob("*") if path.is_file()}
    done = grader.run("audit", class_of_twelve, "--json", "-")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["version"] == "1.0"
    assert told["same_functions"][0]["students"] == ["s01", "s02"]
    assert "Student" not in done.stdout
    assert before == {p: p.read_bytes() for p in class_of_twelve.rglob("*") if p.is_file()}


def test_a_folder_that_is_no_cohort_is_refused(tmp_path):
    """The message says what is missing and what to run."""
    done = CliRunner().invoke(main, ["audit", str(tmp_path)])
    assert done.exit_code == 3
    assert "grader cohort" in done.output
