"""Gradebooks: scores reach the right cells of a downloaded CSV, and no other byte changes."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from grader import cli
from grader.cohort import index
from grader.gradebooks import canvas, cells, moodle
from grader.gradebooks.cells import UnreadableTable
from grader.gradebooks.scores import Refused, Scored, spoken

GOLDEN = Path(__file__).parent / "golden_exports"
COLUMN = "Backprop, by hand (4711)"
HEADER = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
CANVAS = (GOLDEN / "canvas.csv").read_bytes()
MOODLE = (GOLDEN / "moodle.csv").read_bytes()
COHORT = [
    Scored("101", "Ada Lovelace", 87.5, 100.0),
    Scored("u-bo", "Bo", 60.0, 100.0),
    Scored("chen@example.org", "", 12.0, 100.0),
    Scored("x4", "Émile  DURAND", 100.0, 100.0),
    Scored("105", "Eve Excused", 50.0, 100.0),
    Scored("999", "Nobody Knows", 1.0, 100.0),
    Scored("x7", "Kim Lee", 33.0, 100.0),
    Scored("108", "Fay Fault", None, 100.0, "infrastructure"),
]


def students(content: bytes, column: str = COLUMN, key: str = "Student") -> dict[str, str]:
    """Return the column's values by student, as the standard reader finds them."""
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return {row[key].strip(): row[column] for row in rows}


def different(before: bytes, after: bytes) -> list[tuple[str, str]]:
    """Return the cells that are different, as the reader that knows places finds them."""
    first, second = (cells.read(content, "x", []) for content in (before, after))
    pairs = [
        (old.value, new.value)
        for row, other in zip(first.rows, second.rows, strict=True)
        for old, new in zip(row, other, strict=True)
    ]
    return [pair for pair in pairs if pair[0] != pair[1]]


def test_canvas_students_are_found_by_each_key_and_by_name():
    """ID, SIS User ID, SIS Login ID, and a name that is turned round or spelled in capitals."""
    merged = canvas.merge(CANVAS, COHORT, COLUMN)
    found = students(merged.content)
    assert tuple(found[name] for name in ("Lovelace, Ada", "Bo", "Chen, Li", "Durand, Émile")) == (
        "87.5",
        "60",
        "12",
        "100",
    )


def test_everybody_without_a_grade_is_listed():
    """On both sides: who is in no row, who fits two, whose grading failed, and who is missing."""
    merged = canvas.merge(CANVAS, COHORT, COLUMN)
    assert merged.not_in_gradebook == ["Nobody Knows (999)"]
    assert merged.ambiguous == ["Kim Lee (x7): fits 2 students"]
    assert merged.without_score == ["Fay Fault (108): infrastructure"]
    assert merged.not_submitted == ["Lee, Kim", "Lee, Kim", "Student, Test"]
    assert merged.replaced == ["Bo (u-bo): 55 becomes 60"]
    assert merged.kept == ["Eve Excused (105): excused (EX)"]


def test_nothing_else_in_a_canvas_file_is_touched():
    """BOM, line ends, quotes and blanks stay; put the old values back and the file is the old."""
    merged = canvas.merge(CANVAS, COHORT, COLUMN)
    assert different(CANVAS, merged.content) == [
        ("", "87.5"),
        ("55", "60"),
        ("-", "12"),
        ("", "100"),
    ]
    old_lines, new_lines = CANVAS.split(b"\r\n"), merged.content.split(b"\r\n")
    assert len(old_lines) == len(new_lines)
    assert sum(old != new for old, new in zip(old_lines, new_lines, strict=True)) == 4
    assert merged.content.startswith(b"\xef\xbb\xbf")
    assert (GOLDEN / "canvas_merged.csv").read_bytes() == merged.content


def test_scores_of_nobody_change_nothing():
    """Without a match the file is the same, byte for byte."""
    assert canvas.merge(CANVAS, COHORT[5:], COLUMN).content == CANVAS
    assert moodle.merge(MOODLE, []).content == MOODLE


@pytest.mark.parametrize(
    "title", ["Backprop, by hand", "backprop, by hand (4711)", "Student", "ID", "", "New (1)"]
)
def test_a_wrong_title_never_makes_a_column(title):
    """A title that is no assignment of the file is refused, with those that are."""
    with pytest.raises(Refused) as refused:
        canvas.merge(CANVAS, COHORT, title)
    assert f"'{COLUMN}', 'Essay (12)'" in str(refused.value)


def test_a_column_that_is_there_twice_is_refused():
    """Nobody can tell which of two columns with one title is meant."""
    twice = CANVAS.replace(b"Essay (12)", f'"{COLUMN}"'.encode())
    with pytest.raises(Refused, match="2 columns"):
        canvas.merge(twice, COHORT, COLUMN)


def test_a_column_that_canvas_computes_is_refused():
    """A read-only column would be thrown away on import."""
    with pytest.raises(Refused, match="read-only"):
        canvas.merge(CANVAS.replace(b",100,", b",(read only),"), COHORT, COLUMN)


@pytest.mark.parametrize("merge", [canvas.merge, moodle.merge])
def test_a_grade_over_the_maximum_is_refused(merge):
    """Nothing is written, and the message says whose grade it is and how to scale."""
    column = [COLUMN] if merge is canvas.merge else []
    with pytest.raises(Refused, match=r"Ada .*112 .*maximum of 100 .*--scale-to 100"):
        merge(CANVAS if column else MOODLE, [Scored("101", "Ada Lovelace", 112.0, 100.0)], *column)


def test_scores_are_scaled_to_what_the_gradebook_has():
    """25 of 50 is worth 5 of 10; without a word about it points stay points."""
    score = [Scored("101", "", 25.0, 50.0)]
    for scale, value in ((10.0, "5"), (None, "25"), (7.0, "3.5"), (1 / 3, "0.17")):
        assert (
            value == students(canvas.merge(CANVAS, score, COLUMN, scale).content)["Lovelace, Ada"]
        )


def test_a_bonus_alone_is_not_scaled():
    """Where the full score is nothing, there is no share of it."""
    with pytest.raises(Refused, match="bonus alone"):
        canvas.merge(CANVAS, [Scored("101", "", 2.0, 0.0)], COLUMN, 10.0)


def test_two_submissions_of_one_student_are_refused():
    """Whose score counts is not for this program to say."""
    twice = [Scored("101", "Ada", 10.0, 100.0), Scored("u-ada", "Ada again", 20.0, 100.0)]
    merged = canvas.merge(CANVAS, twice, COLUMN)
    assert merged.content == CANVAS
    assert merged.ambiguous == ["Lovelace, Ada: Ada (101), Ada again (u-ada) all fit"]


def test_an_id_is_surer_than_a_name():
    """Somebody with the name of one student and the ID of another is the other."""
    merged = canvas.merge(CANVAS, [Scored("101", "Bo", 77.0, 100.0)], COLUMN)
    assert students(merged.content)["Lovelace, Ada"] == "77"
    assert students(merged.content)["Bo"] == "55"


def test_the_row_of_points_possible_is_no_student():
    """A submission by `Points Possible` finds no row."""
    merged = canvas.merge(CANVAS, [Scored("Points Possible", "Points Possible", 1, 100)], COLUMN)
    assert merged.content == CANVAS
    with pytest.raises(Refused, match="Points Possible"):
        canvas.merge(CANVAS.replace(b"Points Possible", b"Something"), COHORT, COLUMN)


def test_moodle_students_are_found_by_participant_number():
    """With or without the word in front, as folders of downloads are called; then by name."""
    scores = [
        Scored("12", "", 87.5, 100.0),
        Scored("Participant 13", "", 60.0, 100.0),
        Scored("x", "Chen Li", 12.0, 100.0),
        Scored("15", "", 99.0, 100.0),
        Scored("1", "", 5.0, 100.0),
    ]
    merged = moodle.merge(MOODLE, scores)
    found = students(merged.content, "Grade", "Identifier")
    assert found == {
        "Participant 12": "87.5",
        "Participant 13": "60",
        "Participant 14": "12",
        "Participant 15": "20.00",
    }
    assert merged.kept == ["15: locked in Moodle"]
    assert merged.not_in_gradebook == ["1"]
    assert (GOLDEN / "moodle_merged.csv").read_bytes() == merged.content


def test_moodle_keeps_the_time_of_the_last_change():
    """Moodle compares it on import: only cells of the column Grade are different."""
    merged = moodle.merge(MOODLE, [Scored("12", "", 1.0, 100.0)])
    assert different(MOODLE, merged.content) == [("", "1")]


@pytest.mark.parametrize("title", ["Identifier", "Grade", "Last modified (grade)"])
def test_moodle_wants_its_own_columns(title):
    """A file that lacks one of the three columns is no worksheet, and none is made up."""
    content = MOODLE.replace(title.encode(), b"Other", 1)
    with pytest.raises(UnreadableTable, match="Identifier, Grade, Last modified"):
        moodle.merge(content, [])


@pytest.mark.parametrize("maximum", ["nan", "inf", "", "-"])
def test_moodle_has_a_maximum_whatever_the_worksheet_says(maximum):
    """A maximum that is no number is 100, and never none at all."""
    content = MOODLE.replace(b"100.00", maximum.encode())
    with pytest.raises(Refused, match="maximum of 100"):
        moodle.merge(content, [Scored("12", "", 100.5, 100.0)])


def test_a_row_that_is_too_short_is_named():
    """A line without the column's cell is refused, not shifted."""
    with pytest.raises(Refused, match="line 12 has 2 cells"):
        canvas.merge(CANVAS + b"Short,1\r\n", COHORT, COLUMN)
    with pytest.raises(Refused, match=r"line \d+ has 2 cells"):
        moodle.merge(MOODLE + b"Participant 99,1\r\n", [])


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b"Student,ID\nM\xe9lanie,1\n", b"a,b\n", b'Student,ID\n"a"b,1\n', b'"'],
)
def test_what_is_no_gradebook_is_refused(content):
    """Empty, another encoding, other columns, quotes that do not end: nothing is guessed."""
    with pytest.raises(UnreadableTable, match="book"):
        canvas.merge(content, COHORT, COLUMN, name="book.csv")


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]))), min_size=1),
    separator=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    bom=st.booleans(),
    data=st.data(),
)
@example([["a", 'b"c'], ["", "x\r\ny"]], ",", "\r\n", csv.QUOTE_ALL, True, None)
def test_cells_are_those_of_the_standard_reader(rows, separator, end, quoting, bom, data):
    """Any table: the same values, and a changed cell changes exactly its own characters."""
    # The standard writer leaves a lone carriage return without quotes.
    assume(quoting == csv.QUOTE_ALL or not any("\r" in cell for row in rows for cell in row))
    rows = [["first", "second"], *(row for row in rows if len(row) > 1)]
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=separator, lineterminator=end, quoting=quoting).writerows(rows)
    content = ("\ufeff" * bom + written.getvalue()).encode()
    table = cells.read(content, "x", rows[0])
    assert rows == [[cell.value for cell in row] for row in table.rows]
    every = [cell for row in table.rows for cell in row]
    cell = data.draw(st.sampled_from(every)) if data else every[-1]
    changed = table.changed([(cell, "12.5")]).decode()
    raw = table.text[cell.start : cell.end]
    new = '"12.5"' if raw.startswith('"') else "12.5"
    assert table.text[: cell.start] + new + table.text[cell.end :] == changed
    assert content == table.changed([]), "no change, no difference"


@pytest.mark.parametrize(
    ("name", "same"),
    [("Lovelace, Ada", "ada  LOVELACE"), ("Straße, Ü", "ü strasse"), ("Zoe\u0301", "Zo\u00e9")],
)
def test_names_are_compared_as_they_are_spoken(name, same):
    """Order, capitals, blanks and ways to write an accent make no difference."""
    assert spoken(name) == spoken(same)


@pytest.fixture
def cohort(tmp_path) -> Path:
    """The folder of a cohort: one graded with a bonus, one that the grader failed on."""
    facts = dict.fromkeys("seed corpus isolation course grader sources".split(), "x")
    facts |= {"public_only": False, "allow": [], "tasks": [], "environment": {}, "notes": []}
    common = {"path": "a.py", "statuses": {}, "submitted_at": None, "facts": {}, "notes": []}
    common |= {"digest": None, "report": None, "max_score": 100.0, "max_bonus": 12.0}
    entries = [
        {"id": "101", "name": "Ada", "outcome": "timeout", "message": "", "score": 80.0}
        | {"bonus": 12.0},
        {"id": "108", "name": "Fay", "outcome": "infrastructure", "message": "m", "score": 9.0}
        | {"bonus": 0.0},
        {"id": "u-bo", "name": "Bo", "outcome": "unreadable", "message": "damaged", "score": None}
        | {"bonus": None},
    ]
    whole = index.Index.model_validate(facts | {"entries": [common | entry for entry in entries]})
    folder = tmp_path / "cohort"
    folder.mkdir()
    (folder / index.SUMMARY).write_text(whole.as_json(), encoding="utf-8")
    return folder


def export(*arguments) -> tuple[int, str]:
    """Run `grader export`; return its exit code and everything that it printed."""
    done = CliRunner().invoke(cli.main, ["export", *map(str, arguments)])
    return done.exit_code, done.output


def test_a_teacher_merges_a_cohort(cohort, tmp_path):
    """Scores are written, faults of the grader are not and turn the exit code."""
    book, out = tmp_path / "book.csv", tmp_path / "out.csv"
    book.write_bytes(CANVAS)
    arguments = ("canvas", cohort, "--gradebook", book, "--column", COLUMN, "-o", out)
    code, told = export(*arguments)
    assert code == 4, told
    found = students(out.read_bytes())
    assert (found["Lovelace, Ada"], found["Fault, Fay"], found["Bo"]) == ("80", "", "55")
    assert "unreadable: damaged" in told
    assert "1 grades written" in told
    assert book.read_bytes() == CANVAS
    export(*arguments, "--with-bonus")
    assert students(out.read_bytes())["Lovelace, Ada"] == "92"


def test_the_gradebook_itself_is_never_written(cohort, tmp_path):
    """Not even if it is asked for by another path, nor if something is refused."""
    book = tmp_path / "book.csv"
    book.write_bytes(CANVAS)
    again = tmp_path / "cohort" / ".." / "book.csv"
    common = ("canvas", cohort, "--gradebook", book)
    for arguments in (("--column", COLUMN, "-o", again), ("--column", "No (1)", "-o", "x.csv")):
        code, told = export(*common, *arguments)
        assert code == 2, told
    assert book.read_bytes() == CANVAS
    assert not Path("x.csv").exists()


def test_a_folder_that_is_no_cohort_is_named(tmp_path):
    """Exit code 3, and what to run first."""
    book = tmp_path / "book.csv"
    book.write_bytes(MOODLE)
    code, told = export("moodle", tmp_path, "--gradebook", book, "-o", tmp_path / "out.csv")
    assert code == 3
    assert "grader cohort" in told
