"""Who is in a cohort, what came of a submission, and what of a report stays the same."""

from __future__ import annotations

import json
import os
import zipfile
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import grade
from grader.cohort import canonical, changes, intake, outcome, publish, roster
from grader.cohort.conditions import Conditions, Machine
from grader.cohort.index import OUTCOMES, Entry, Index, Outcome, load, timings
from grader.errors import UnreadableSubmission
from grader.options import Options
from grader.report import Status
from grader.submission import Submission

ONE, TWO = "def db2(dlogits):\n    return dlogits.sum(0)\n", "x = 2\n"


def people(path):
    """Return who is in a roster, by id."""
    return {student.id: student for student in roster.read(path).students}


def files_of(student):
    """Return the sources that a student's files come to."""
    return {name: text.decode() for name, text in intake.read(student).files.items()}


def zipped(path, **files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/") + ".py", text)


# Folders and rosters


def test_a_folder_has_a_subfolder_file_or_archive_for_each_student(tmp_path):
    """Students are named after what they handed in; what is no submission is said, not graded."""
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "ex1_backward.py").write_text(ONE)
    (tmp_path / "ada" / "mine.py").write_text(TWO)
    (tmp_path / "ada").rename(tmp_path / "ada.py")
    (tmp_path / "bob.py").write_text(TWO)
    zipped(tmp_path / "cyd.zip", work__ex1_backward=ONE)
    (tmp_path / "README.txt").write_text("hello")
    (tmp_path / ".DS_Store").write_text("")
    found = roster.read(tmp_path)
    assert [student.id for student in found.students] == ["ada.py", "bob", "cyd"]
    assert found.notes == ["README.txt: is no submission"]
    assert [files_of(student) for student in found.students] == [
        {"ex1_backward.py": ONE, "mine.py": TWO},
        {"submission.py": TWO},
        {"ex1_backward.py": ONE},
    ]


def test_students_never_share_an_id(tmp_path):
    """A file and an archive of the same name stay apart, and so do names that are not UTF-8."""
    (tmp_path / "ada.py").write_text(ONE)
    zipped(tmp_path / "ada.zip", ex1_backward=TWO)
    for name in (b"caf\xe8.py", b"caf\xe9.py"):
        with open(os.path.join(os.fsencode(tmp_path), name), "w") as file:
            file.write(ONE)
    found = people(tmp_path)
    assert list(found) == ["ada (ada.py)", "ada (ada.zip)", "caf\\udce8", "caf\\udce9"]


def test_canvas_hands_out_the_files_of_a_student_one_by_one(tmp_path):
    """They are read as one submission, under the names they had; lateness and attempts are kept."""
    prefix = "lovelaceada_LATE_4711"
    (tmp_path / f"{prefix}_901_ex1_backward-2.py").write_text(ONE)
    (tmp_path / f"{prefix}_902_ex2_cross_entropy.py").write_text(TWO)
    (tmp_path / f"{prefix}_903_report.pdf").write_text("%PDF")
    zipped(tmp_path / "bardbob_4712_904_home_work.zip", ex1_backward=ONE)
    (tmp_path / "cyd_de_cyd_4713_905_text.html").write_text("<p>")
    found = people(tmp_path)
    assert list(found) == ["4712", "4713", "4711"]
    assert files_of(found["4711"]) == {"ex1_backward.py": ONE, "ex2_cross_entropy.py": TWO}
    assert found["4711"].name == "lovelaceada"
    assert found["4711"].facts == {"late": "LATE", "resubmission": "2"}
    assert found["4711"].notes[0].startswith("report.pdf: ignored")
    assert (files_of(found["4712"]), dict(found["4712"].facts)) == ({"ex1_backward.py": ONE}, {})
    assert found["4713"].name == "cyd_de_cyd"
    with pytest.raises(UnreadableSubmission, match=r"text\.html: ignored"):
        intake.read(found["4713"])


def test_of_two_attempts_at_one_file_the_later_counts(tmp_path):
    """Canvas calls the later one `-1`; the note says which was left out."""
    (tmp_path / "ada_1_21_ex1_backward-1.py").write_text(TWO)
    (tmp_path / "ada_1_20_ex1_backward.py").write_text(ONE)
    [ada] = roster.read(tmp_path).students
    assert files_of(ada) == {"ex1_backward.py": TWO}
    assert ada.notes == ("ada_1_20_ex1_backward.py: ignored, ada_1_21_ex1_backward-1.py is newer",)


def test_moodle_has_a_folder_or_a_file_for_each_participant(tmp_path):
    """The number is the participant's; an archive in the folder is looked into."""
    ada = tmp_path / "Ada Lovelace_4711_assignsubmission_file_"
    ada.mkdir()
    zipped(ada / "work.zip", ex1_backward=ONE)
    bob = tmp_path / "Bob_B_4712_assignsubmission_file"
    bob.mkdir()
    (bob / "ex1_backward.py").write_text(TWO)
    text = tmp_path / "Bob_B_4712_assignsubmission_onlinetext_"
    text.mkdir()
    (tmp_path / "Cyd_4713_assignsubmission_file_ex1_backward.py").write_text(ONE)
    (tmp_path / "Dan_4714_file").mkdir()
    found = people(tmp_path)
    assert {id_: student.name for id_, student in found.items()} == {
        "4711": "Ada Lovelace",
        "4712": "Bob_B",
        "4713": "Cyd",
        "4714": "Dan",
    }
    assert files_of(found["4711"]) == files_of(found["4713"]) == {"ex1_backward.py": ONE}
    assert files_of(found["4712"]) == {"ex1_backward.py": TWO}
    assert found["4712"].notes == (f"{text.name}: ignored, text typed into Moodle is not read",)
    with pytest.raises(UnreadableSubmission, match="holds no"):
        intake.read(found["4714"])


def test_gradescope_says_beside_the_folders_whose_they_are(tmp_path):
    """Each submitter of a group has an entry; time and earlier submissions are carried."""
    (tmp_path / "submission_metadata.yml").write_text(
        "---\n"
        "submission_901:\n"
        "  :submitters:\n"
        "  - :name: Ada Lovelace\n    :sid: '0017'\n    :email: ada@example.org\n"
        "  - :name: Bob\n    :email: bob@example.org\n"
        "  :created_at: 2024-09-20 18:37:41.120000000 Z\n"
        "  :history:\n  - :created_at: 2024-09-19 10:00:00.000000000 Z\n"
        "submission_902:\n"
        "  :submitters:\n  - :name: Cyd\n"
    )
    (tmp_path / "submission_901").mkdir()
    (tmp_path / "submission_901" / "ex1_backward.py").write_text(ONE)
    found = people(tmp_path)
    assert {id_: student.name for id_, student in found.items()} == {
        "0017": "Ada Lovelace",
        "bob@example.org": "Bob",
        "submission_902": "Cyd",
    }
    ada = found["0017"]
    assert ada.submitted_at == "2024-09-20T18:37:41.120000+00:00"
    assert ada.facts["earlier"] == "1"
    assert files_of(ada) == files_of(found["bob@example.org"])
    with pytest.raises(UnreadableSubmission, match="no such file or folder"):
        intake.read(found["submission_902"])


@pytest.mark.parametrize("text", ["- a", "a: [", "../x: {}", "x: 5", "&a [*a]"])
def test_metadata_that_make_no_sense_are_refused(tmp_path, text):
    """Nobody is graded under a wrong name."""
    (tmp_path / "submission_metadata.yml").write_text(text)
    with pytest.raises(UnreadableSubmission, match="submission_metadata"):
        roster.read(tmp_path)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_roster_names_id_name_and_path(tmp_path, separator):
    """However a spreadsheet separates them; time of submission and other facts are carried."""
    (tmp_path / "work.py").write_text(ONE)
    rows = [
        ["ID", "Name", "Path", "submitted_at", "late"],
        ["7", "Ada Lovelace", "work.py", "2024-09-20T18:37", "2 days"],
        ["8", "Bob", "nowhere.zip", "", ""],
        ["9", "Cyd", "", "", ""],
        ["", "", "", "", ""],
    ]
    text = "\ufeff" + "\r\n".join(separator.join(row) for row in rows)
    (tmp_path / "class.csv").write_text(text, encoding="utf-8", newline="")
    found = people(tmp_path / "class.csv")
    assert list(found) == ["7", "8", "9"]
    assert files_of(found["7"]) == {"submission.py": ONE}
    assert (found["7"].name, found["7"].submitted_at) == ("Ada Lovelace", "2024-09-20T18:37")
    assert found["7"].facts == {"late": "2 days"}
    for id_ in ("8", "9"):
        with pytest.raises(UnreadableSubmission):
            intake.read(found[id_])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"name,path\na,b\n", "no column id"),
        (b"id,name,path\n1,a,b\n1,c,d\n", "line 3: the id '1' is there already"),
        (b"id,name,path\n,a,b\n", "line 2: has no id"),
        (b"id,name,path\n", "nobody is in it"),
        (b"", "no column id"),
        (b"id,name,path\n1,\xff,b\n", "not UTF-8"),
    ],
)
def test_a_roster_that_cannot_be_meant_is_refused(tmp_path, text, told):
    """The message says which line, and what is wrong with it."""
    (tmp_path / "class.csv").write_bytes(text)
    with pytest.raises(UnreadableSubmission, match=told):
        roster.read(tmp_path / "class.csv")


def test_equal_files_are_equal_whoever_handed_them_in(tmp_path):
    """A lone file may be named after its author, which is no part of the work."""
    for name in ("ada.py", "bob.py", "ex1_cyd.py", "ex1_dan.py"):
        (tmp_path / name).write_text(ONE)
    ada, bob, cyd, dan = (intake.read(student) for student in roster.read(tmp_path).students)
    assert (ada.digest, ada.files) == (bob.digest, bob.files)
    assert len({ada.digest, cyd.digest, dan.digest}) == 3


def test_a_file_that_is_brought_twice_is_not_guessed(tmp_path):
    """Two archives with different files of one name: nobody knows which counts."""
    ada = tmp_path / "Ada_1_assignsubmission_file_"
    ada.mkdir()
    zipped(ada / "a.zip", ex1_backward=ONE)
    zipped(ada / "b.zip", ex1_backward=TWO)
    [student] = roster.read(tmp_path).students
    with pytest.raises(UnreadableSubmission, match=r"two different files 'ex1_backward\.py'"):
        intake.read(student)


@given(st.lists(st.text(max_size=60), unique=True, max_size=20))
def test_pages_of_different_students_have_different_names(ids):
    """Whatever an id is, its page lies in its folder and is nobody else's."""
    names = [publish.file_name(id_) for id_ in ids]
    assert len(set(names)) == len(ids)
    assert len({name.casefold() for name in names}) == len(ids)
    for name in names:
        assert "/" not in name
        assert name not in ("", ".", "..")
        assert name.isascii()
        assert len(name) < 100


# Reports


@pytest.fixture(scope="module")
def report(zygote):
    """A report on a right, a wrong, a hanging and a failing function, and on one that is timed."""
    source = (
        "import torch\n"
        "def db2(dlogits):\n    print(object())\n    return dlogits.sum(0)\n"
        "def dW2(h, dlogits):\n    raise ValueError(object())\n"
        "def embedding_backward(demb, Xb, vocab):\n"
        "    dC = torch.zeros(vocab, demb.shape[-1])\n"
        "    for row in range(Xb.shape[0]):\n"
        "        for k in range(Xb.shape[1]):\n"
        "            dC[Xb[row, k]] += demb[row, k]\n"
        "    return dC\n"
    )
    submission = Submission("ada", {"work.py": source.encode()}, "d" * 64, ("a note",))
    tasks = ("ex1.db2", "ex1.dW2", "ex1.dh", "ex5.embedding_backward")
    return grade.grade_one(submission, zygote, Options(seed="s", tasks=tasks, public_only=True))


def test_a_report_in_the_ledger_holds_no_times_names_or_addresses(report):
    """They go elsewhere: equal submissions have equal reports, byte for byte."""
    kept, times = canonical.split(report)
    text = kept.as_json()
    assert "0x..." in text
    assert not [word for word in text.split() if word.startswith("0x7")]
    assert (kept.submission.name, kept.submission.notes) == (canonical.NAME, [])
    assert {kept.duration_s, *(task.duration_s for task in kept.tasks)} == {0.0}
    assert times["seconds"] == report.duration_s
    assert times["tasks"]["ex1.db2"] > 0
    scores = [(task.status, task.points) for task in report.tasks]
    assert scores == [(task.status, task.points) for task in kept.tasks]


def test_figures_of_a_clock_are_times_too(report):
    """The loop is too slow; how much too slow is in the times, the limit is in the report."""
    kept, times = canonical.split(report)
    [check] = [c for t in kept.tasks for c in t.checks if canonical.TIMED & c.facts.keys()]
    [measured] = times["facts"].values()
    assert check.status == "failed"
    name = "share of the time of a Python loop"
    assert check.facts == {name: None, f"{name} limit": 0.25}
    assert measured[name] > 0.25
    [task] = [task for task in kept.tasks if check in task.checks]
    assert task.message == check.message
    assert check.message.startswith(f"{name} is more than the limit of 0.25")


def with_statuses(report, *statuses):
    tasks = [report.tasks[0].model_copy(update={"status": status}) for status in statuses]
    return report.model_copy(update={"tasks": tasks})


@given(st.lists(st.sampled_from(get_args(Status)), min_size=1, max_size=8))
def test_the_outcome_is_the_gravest_status_that_is_one(report, statuses):
    """Of several the grader's own fault comes first, and order does not matter."""
    found = outcome.of_report(with_statuses(report, *statuses))
    assert found == outcome.of_report(with_statuses(report, *reversed(statuses)))
    grave = [
        s for s in ("infrastructure", "policy", "crashed", "memory", "timeout") if s in statuses
    ]
    assert found == (grave[0] if grave else "graded")
    assert bool(outcome.why(with_statuses(report, *statuses))) == (found != "graded")


def test_all_outcomes_are_listed():
    """What is counted and shown is what there is."""
    assert get_args(Outcome) == OUTCOMES


# Conditions and what moved

MACHINE = Machine(course="c", grader="1", sources="s", environment={"torch": "2"})


def conditions(**changed):
    return Conditions(
        **{
            "seed": "s",
            "corpus": "names",
            "corpus_sha256": "x",
            "public_only": False,
            "tasks": [],
            "isolation": "jail",
            "machine": MACHINE,
            **changed,
        }
    )


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"seed": "t"}, "seed"),
        ({"corpus": "lecture"}, "corpus"),
        ({"corpus_sha256": "y"}, "corpus"),
        ({"public_only": True}, "tasks"),
        ({"tasks": ["ex1.dh"]}, "tasks"),
        ({"isolation": "process"}, "isolation"),
        ({"machine": MACHINE.model_copy(update={"course": "d"})}, "course"),
        ({"machine": MACHINE.model_copy(update={"grader": "2"})}, "grader"),
        ({"machine": MACHINE.model_copy(update={"sources": "t"})}, "grader"),
        ({"machine": MACHINE.model_copy(update={"environment": {"torch": "3"}})}, "environment"),
    ],
)
def test_whatever_a_score_depends_on_makes_another_key(changed, named):
    """And is named when it differs."""
    before, after = conditions(), conditions(**changed)
    assert before.key("digest") != after.key("digest")
    assert after.changed(before) == [named]


def test_a_key_is_of_one_submission_and_of_what_was_said_about_it():
    """The order in which findings are judged does not matter, and how they are does."""
    one = conditions()
    both = {"x": "cleared", "y": "upheld"}
    assert one.key("a", both) == one.key("a", dict(reversed(both.items())))
    keys = {one.key("a"), one.key("b"), one.key("a", {"x": "cleared"}), one.key("a", both)}
    assert len({*keys, one.key("a", {"x": "upheld"})}) == 5


def entry(id_, **changed):
    return Entry(
        **{
            "id": id_,
            "name": "Ada",
            "path": "ada",
            "digest": "d",
            "outcome": "graded",
            "message": "",
            "report": "reports/old.json",
            "score": 3.0,
            "max_score": 100.0,
            "bonus": 0.0,
            "max_bonus": 12.0,
            "statuses": {},
            "submitted_at": None,
            "facts": {},
            "notes": [],
            **changed,
        }
    )


def index(folder, *entries, **changed):
    return Index(
        **{
            "seed": "s",
            "corpus": "names",
            "public_only": False,
            "tasks": [],
            "isolation": "jail",
            "allow": [],
            "course": "c",
            "grader": "1",
            "sources": "s",
            "environment": {},
            "entries": list(entries),
            "notes": [],
            **changed,
        }
    ).located(folder)


def test_a_move_says_who_how_much_why_and_on_which_tasks(tmp_path):
    """Also when the old report is of a format that is written no more."""
    (tmp_path / "reports").mkdir()
    for name, status, points in (("old", "failed", 0), ("new", "passed", 2)):
        tasks = [{"full_name": "ex1.dh", "status": status, "points": points}]
        text = json.dumps({"schema_version": "0.1", "tasks": tasks})
        (tmp_path / "reports" / f"{name}.json").write_text(text)
    before = index(tmp_path, entry("7"), entry("8"), entry("9"), entry("10"))
    after = index(
        tmp_path,
        entry("7", report="reports/new.json", score=5.0),
        entry("8"),
        entry("9", report="reports/new.json", score=5.0, digest="e"),
        entry("11"),
        course="d",
    )
    assert [str(move) for move in changes.moved(before, after)] == [
        "7 (Ada): 3 -> 5; course changed\n    ex1.dh: failed 0 -> passed 2",
        "9 (Ada): 3 -> 5; submission changed, course changed\n    ex1.dh: failed 0 -> passed 2",
    ]
    assert changes.comings_and_goings(before, after) == "1 new, 1 no longer there"
    assert list(changes.moved(before, before)) == []


def test_an_index_that_is_not_there_says_what_to_do(tmp_path):
    """A run that was not brought to its end has none."""
    with pytest.raises(ValueError, match="grader cohort"):
        load(tmp_path)
    (tmp_path / "summary.json").write_text("{}")
    with pytest.raises(ValueError, match="cannot be read"):
        load(tmp_path)


def test_half_a_line_of_times_is_passed_over(tmp_path):
    """A killed run may leave one; the last of two lines for one key counts."""
    lines = ['{"key": "a", "seconds": 1}', '{"key": "a", "seconds": 2}', '{"key": "b", "sec']
    (tmp_path / "times.jsonl").write_text("\n".join(lines))
    assert timings(tmp_path) == {"a": {"key": "a", "seconds": 2}}
