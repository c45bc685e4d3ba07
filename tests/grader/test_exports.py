"""Exports: the formats of other tools, their limits, and what hostile text cannot do in them.

`python tests/grader/test_exports.py` writes the golden files again.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import click
import jsonschema
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import JUnitXml
from markdown_it import MarkdownIt

from grader import cli
from grader.commands import export, exporting
from grader.options import ROOT
from grader.render import classroom50, github, gradescope, prairielearn, table, telling
from grader.render.exports import REFUSALS, RENDERINGS, Context
from grader.render.telling import NoScore, Refusal
from grader.render.untrusted import TooLarge
from grader.report import Report

GOLDEN = Path(__file__).parent / "golden_exports"
CLASSROOM = {
    "CLASSROOM": "nets-2031",
    "ASSIGNMENT": "backprop",
    "SUBMISSION_TAG": "submit/3",
    "COMMIT_URL": "https://example.org/c",
    "RELEASE_URL": "https://example.org/r",
    "REVIEW_URL": "https://example.org/v",
}
AROUND = Context(CLASSROOM, "2031-03-01T12:00:00Z")
FILES = {
    "gradescope": "gradescope.json",
    "classroom50": "classroom50.json",
    "prairielearn": "prairielearn.json",
    "exercism": "exercism.json",
    "junit": "junit.xml",
    "csv": "table.csv",
}
HOSTILE = (
    "</pre></details><script>alert(1)</script><img src=x onerror=alert(2)> | **bold** [x](http://y)"
    " @someone\n::error file=a::forged\n\r::stop-commands::x\x1b[31m\x00\x08\ufffe\u202e %0A ]]>"
)
POINTS = {"type": "number", "minimum": 0}
TEXT = {"type": "string", "pattern": r"^[^\x00-\x08\x0b-\x1f\x7f]*$"}


def closed(required: list[str], **properties) -> dict:
    """Return the schema of an object without keys beside its properties."""
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


VISIBLE = {"const": "visible"}
FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
SCHEMAS = {
    "gradescope": closed(
        ["score", "output", "tests", "stdout_visibility"],
        score=POINTS,
        execution_time=POINTS,
        output=TEXT,
        output_format=FORMAT,
        test_output_format=FORMAT,
        test_name_format=FORMAT,
        visibility=VISIBLE,
        stdout_visibility={"enum": ["hidden", "visible", "after_due_date", "after_published"]},
        extra_data={"type": "object"},
        tests={
            "type": "array",
            "items": closed(
                ["status", "name", "output", "visibility"],
                score=POINTS,
                max_score=POINTS,
                status={"enum": ["passed", "failed"]},
                name=TEXT,
                name_format=FORMAT,
                number={"type": "string", "pattern": r"^\d+\.\d+$"},
                output=TEXT,
                output_format=FORMAT,
                visibility=VISIBLE,
            ),
        },
    ),
    "classroom50": closed(
        (
            "schema classroom assignment assignment_type owner submission commit release review "
            "datetime score max-score tests"
        ).split(),
        **{
            name: {"type": "string"}
            for name in "classroom assignment assignment_type owner commit release review".split()
        },
        schema={"const": "classroom50/result/v1"},
        submission={"type": "string", "pattern": "^submit/"},
        datetime={"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        score={"type": "integer", "minimum": 0},
        **{"max-score": {"type": "integer", "minimum": 0}},
        tests={
            "type": "array",
            "items": {
                "type": "object",
                "required": ["test-name", "passed", "score", "max-score"],
                "properties": {
                    "test-name": TEXT,
                    "passed": {"type": "boolean"},
                    "score": {"type": "integer"},
                    "max-score": {"type": "integer"},
                },
            },
        },
    ),
    "prairielearn": closed(
        ["score", "gradable", "message", "tests"],
        score={"type": "number", "minimum": 0, "maximum": 1},
        gradable={"type": "boolean"},
        format_errors={"type": "array", "items": TEXT},
        message=TEXT,
        output=TEXT,
        tests={
            "type": "array",
            "items": closed(
                ["name", "points", "max_points"],
                name=TEXT,
                description=TEXT,
                points=POINTS,
                max_points=POINTS,
                message=TEXT,
                output=TEXT,
            ),
        },
    ),
    "exercism": closed(
        ["version", "status", "tests"],
        version={"const": 3},
        status={"enum": ["pass", "fail", "error"]},
        message={"type": "string", "maxLength": 65535},
        tests={
            "type": "array",
            "items": closed(
                ["name", "status", "message", "output", "test_code", "task_id"],
                name=TEXT,
                status={"enum": ["pass", "fail", "error"]},
                message={"type": ["string", "null"], "maxLength": 65535},
                output={"type": ["string", "null"], "maxLength": 500},
                test_code=TEXT,
                task_id={"type": "integer", "minimum": 1},
            ),
        },
    ),
}


def real(**changes) -> Report:
    """Return a real report, cut down to a task of each kind."""
    plain = json.loads((GOLDEN / "report.json").read_text(encoding="utf-8"))
    plain["schema_version"] = Report.model_fields["schema_version"].default
    return Report.model_validate(plain | changes)


def with_tasks(report: Report, **changes) -> Report:
    """Return a report with other values in each of its tasks."""
    tasks = [task.model_copy(update=changes) for task in report.tasks]
    return report.model_copy(update={"tasks": tasks})


def poisoned(text: str) -> Report:
    """Return a report in which everything that a submission can choose is this text."""
    report = real()
    tasks = []
    for task in report.tasks:
        own = {"message": text, "traceback": text, "output": text, "file": text + ".py"}
        checks = [c.model_copy(update={"message": text, "traceback": text}) for c in task.checks]
        tasks.append(task.model_copy(update=own | {"checks": checks}))
    findings = [f.model_copy(update={"file": text, "what": text}) for f in report.findings]
    facts = report.submission.model_copy(update={"name": text, "notes": [text]})
    return report.model_copy(update={"tasks": tasks, "findings": findings, "submission": facts})


def faulty() -> Report:
    """Return a report of a run in which the grader failed on one task."""
    report = real()
    first = report.tasks[0].model_copy(update={"status": "infrastructure", "points": 0.0})
    return report.model_copy(update={"tasks": [first, *report.tasks[1:]]})


def parsed(name: str, report: Report, around: Context = AROUND):
    """Return an export that is JSON, as data."""
    return json.loads(RENDERINGS[name](report, around))


def goldens() -> dict[str, str]:
    """Return what the golden files are to hold."""
    made = {file: RENDERINGS[name](real(), AROUND) for name, file in FILES.items()}
    shown = telling.for_platform(real())
    made["github.md"] = github.summary(shown)
    lines = [*github.annotated(shown, "exercises"), github.fenced(github.log(shown), "TOKEN")]
    made["github.log"] = "\n".join(lines) + "\n"
    return made


@pytest.mark.parametrize("file", [*FILES.values(), "github.md", "github.log"])
def test_a_real_report_is_exported_as_it_was(file):
    """Each format of a real report is the same text, character by character, as when last read."""
    assert (GOLDEN / file).read_bytes().decode() == goldens()[file]


def test_formats_have_the_same_names_everywhere():
    """The names that the command line offers are those that can be rendered."""
    assert set(exporting.FORMATS) == set(RENDERINGS)
    assert set(exporting.FORMATS) | {"github", "canvas", "moodle", "autograder"} == set(
        export.export.commands
    )


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("report", [real(), poisoned(HOSTILE)], ids=["real", "hostile"])
def test_json_exports_have_the_form_that_their_readers_want(name, report):
    """Required keys, types, limits, and no key that the format does not know."""
    jsonschema.validate(parsed(name, report), SCHEMAS[name])


@settings(max_examples=40, deadline=None)
@given(st.text())
def test_no_text_of_a_submission_breaks_a_format(text):
    """Whatever a submission prints, raises or is called: every export can be read by its reader."""
    report = poisoned(text)
    for name, schema in SCHEMAS.items():
        jsonschema.validate(parsed(name, report), schema)
    ElementTree.fromstring(RENDERINGS["junit"](report, AROUND))
    assert len(list(csv.reader(io.StringIO(RENDERINGS["csv"](report, AROUND))))) == 2
    for line in github.annotated(report, "x"):
        assert re.fullmatch(r"::(error|warning) [^\r\n]*::[^\r\n]*", line)


@pytest.mark.parametrize("name", ["gradescope", "classroom50", "prairielearn", "exercism"])
def test_platforms_are_told_nothing_of_hidden_checks_but_their_results(name):
    """What a platform shows to students holds no value, message or seed of a hidden check."""
    report = real()
    tasks = []
    for task in report.tasks:
        checks = []
        for check in task.checks:
            told = {"message": "CANARY", "traceback": "CANARY", "line": 4711}
            checks.append(check.model_copy(update=told) if check.visibility == "hidden" else check)
        own = {"output": "CANARY", "checks": checks, "line": 4711}
        tasks.append(task.model_copy(update=own))
    text = RENDERINGS[name](report.model_copy(update={"tasks": tasks, "seed": "CANARY"}), AROUND)
    assert "CANARY" not in text
    assert "4711" not in text


def test_a_task_that_is_wrong_keeps_the_line_of_its_function_for_students():
    """A message stands beside the student's function although the student's view has no line."""
    shown = telling.for_platform(real())
    lines = {task.full_name: task.line for task in shown.tasks}
    assert (lines["ex1.dcounts"], lines["ex1.dh"], lines["ex1.dprobs"]) == (11, 18, 8)
    assert shown.view == "student"
    assert telling.for_platform(shown) == shown


def test_gradescope_shows_the_total():
    """No test is hidden, since one would hide the total; all points add up to it."""
    for around in (AROUND, Context({}, "", with_bonus=True)):
        result = parsed("gradescope", real(), around)
        assert {test["visibility"] for test in result["tests"]} == {"visible"}
        assert result["score"] == sum(test.get("score", 0) for test in result["tests"])
    assert result["score"] == real().score + real().bonus


def test_gradescope_shows_a_time_only_if_nothing_hidden_ran():
    """The time that hidden cases took says something about them."""
    public = {"run": False, "passed": None, "total": "withheld"}
    assert "execution_time" not in parsed("gradescope", real())
    assert parsed("gradescope", real(hidden=public))["execution_time"] == real().duration_s


def test_a_withheld_hidden_total_is_called_so():
    """Without hidden checks nobody is told that all of them passed."""
    hidden = {"run": False, "passed": None, "total": "withheld"}
    assert "hidden checks withheld" in parsed("gradescope", real(hidden=hidden))["output"]


def test_whole_points_are_rounded_down():
    """Classroom 50 counts in whole points, and nobody gets more than was earned."""
    report = with_tasks(real(score=7.5), points=0.5)
    result = parsed("classroom50", report)
    assert result["score"] == 7
    assert {0} == {test["score"] for test in result["tests"]}
    assert {0.5} == {test["points"] for test in result["tests"]}
    assert classroom50.whole(0.1 + 0.2 + 2.7) == 3


@pytest.mark.parametrize("name", CLASSROOM)
def test_classroom50_wants_its_environment(name):
    """A missing variable is named, before a result without it is written."""
    around = Context({k: v for k, v in CLASSROOM.items() if k != name}, "2031-03-01T12:00:00Z")
    with pytest.raises(classroom50.NotInAClassroom, match=f"^{name}: not set"):
        RENDERINGS["classroom50"](real(), around)


def test_classroom50_wants_a_submission_tag():
    """A tag of another form is refused: the schema would."""
    around = Context(CLASSROOM | {"SUBMISSION_TAG": "v1"}, "2031-03-01T12:00:00Z")
    with pytest.raises(classroom50.NotInAClassroom, match="submit/"):
        RENDERINGS["classroom50"](real(), around)


@pytest.mark.parametrize("name", ["gradescope", "classroom50"])
def test_a_fault_of_the_grader_is_no_score(name):
    """Where a format has no word for a fault of the grader, nothing is made at all."""
    with pytest.raises(NoScore, match=r"grader failed on ex1\.dlogprobs"):
        RENDERINGS[name](faulty(), AROUND)


def test_a_fault_of_the_grader_costs_no_attempt():
    """PrairieLearn is told that the submission was not gradable."""
    result = parsed("prairielearn", faulty())
    assert (result["gradable"], result["score"]) == (False, 0)


def test_a_fault_of_the_grader_is_an_error_for_junit_and_empty_in_tables():
    """JUnit's errors are the grader's, and a table leaves the scores out."""
    suites = ElementTree.fromstring(RENDERINGS["junit"](faulty(), AROUND))
    assert [
        (suite.get("name")[:3], suite.get("errors"))
        for suite in suites
        if suite.get("errors") != "0"
    ] == [("ex1", "1")]
    (row,) = csv.DictReader(io.StringIO(RENDERINGS["csv"](faulty(), AROUND)))
    assert (
        row["outcome"],
        row["score"],
        row["bonus"],
        row["ex1.dlogprobs"],
    ) == ("infrastructure", "", "", "")


@pytest.mark.parametrize("name", REFUSALS)
def test_a_submission_that_cannot_be_read_is_explained(name):
    """There is no report, and still a file in the platform's format with the reason in it."""
    text = REFUSALS[name](Refusal(f"a.zip: is damaged {HOSTILE}", 100), AROUND)
    result = json.loads(text)
    jsonschema.validate(result, SCHEMAS[name])
    assert result.get("score", 0) == 0
    assert result.get("status", "error") == "error"
    assert result.get("gradable", False) is False
    assert name == "classroom50" or "a.zip: is damaged" in text


def test_prairielearn_has_points_for_every_test():
    """Points that one test left off would switch them off for all."""
    for with_bonus in (False, True):
        result = json.loads(prairielearn.render(real(), with_bonus))
        assert all("points" in test and "max_points" in test for test in result["tests"])
    plain = json.loads(prairielearn.render(real()))
    assert sum(test["max_points"] for test in plain["tests"]) == 25
    assert round(3 / 25, 6) == plain["score"]


def test_more_than_the_whole_score_is_the_whole_score():
    """A bonus does not lift PrairieLearn's share over 1."""
    assert json.loads(prairielearn.render(real(score=25.0, bonus=4.0), True))["score"] == 1


@pytest.mark.parametrize("character", ["a", "\x01", "é", '"'])
def test_large_outputs_are_cut_to_what_is_accepted(character):
    """PrairieLearn's megabyte and a step's mebibyte hold for 64 KiB of output in each task."""
    text = character * 65536
    report = with_tasks(real(), output=text, message=text, traceback=text).model_copy(
        update={"view": "student", "tasks": [*with_tasks(real(), output=text).tasks] * 6}
    )
    for made, cap in (
        (prairielearn.render(report), 1_000_000),
        (github.summary(report), 1 << 20),
        (gradescope.render(report), 4 << 20),
    ):
        assert len(made.encode()) <= cap
        assert "characters in all" in made


def test_a_report_that_cannot_be_cut_short_enough_is_refused():
    """Where nothing more can be left out, that is said, and nothing is cut off in the middle."""
    with pytest.raises(TooLarge):
        github.summary(real(), cap=1000)


def test_exercism_has_its_limits():
    """500 characters of output, 65535 of a message, exactly."""
    text = "x" * 100_000
    report = with_tasks(real(), output=text, message=text, status="error")
    result = parsed("exercism", report.model_copy(update={"view": "student"}))
    assert {500} == {len(test["output"]) for test in result["tests"]}
    assert {65535} == {len(test["message"]) for test in result["tests"]}


def test_exercism_passes_without_a_bonus_that_nobody_began():
    """All other tasks passed: that is a pass; with a bonus begun and wrong it is none."""
    right = with_tasks(real(), status="passed")
    last = real().tasks[-1]
    for status, verdict, count in (("not_attempted", "pass", 9), ("failed", "fail", 10)):
        bonus = last.model_copy(update={"status": status})
        report = right.model_copy(update={"tasks": [*right.tasks[:-1], bonus], "view": "student"})
        result = parsed("exercism", report)
        assert (verdict, count) == (result["status"], len(result["tests"]))


def test_exercism_errs_only_if_nothing_ran():
    """Exceptions and time-outs are failed tests; only a run without any answer is an error."""
    assert parsed("exercism", with_tasks(real(), status="timeout"))["status"] == "fail"
    assert parsed("exercism", faulty())["status"] == "fail"
    assert parsed("exercism", with_tasks(real(), status="infrastructure"))["status"] == "error"


def test_exercism_keeps_the_order_of_the_course():
    """Tests come in the order of the file, numbered by their exercise."""
    tests = parsed("exercism", real())["tests"]
    listed = [task.full_name for task in real().tasks][:-1]
    assert listed == [test["name"] for test in tests]
    assert [test["task_id"] for test in tests] == [1] * 7 + [4, 5]


def test_junit_is_read_by_a_reader_of_junit(tmp_path):
    """Counts, times and messages are what a well-kept reader finds; nothing is skipped."""
    path = tmp_path / "junit.xml"
    path.write_text(RENDERINGS["junit"](real(), AROUND), encoding="utf-8")
    suites = list(JUnitXml.fromfile(str(path)))
    assert tuple(
        sum(getattr(suite, name) for suite in suites)
        for name in ("tests", "failures", "errors", "skipped")
    ) == (10, 8, 0, 0)
    cases = {case.name: case for suite in suites for case in suite}
    assert cases["dh"].result[0].type == "timeout"
    assert "sum is missing" in cases["dcounts"].result[0].text
    assert cases["dlogprobs"].result == []
    assert f"{cases['dlogprobs'].time:.3f}" == "0.010"


@pytest.mark.parametrize(
    "name",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        "\u200b=1",
        "\uff1d1",
        "a;=1+1",
        "a,  @x",
    ],
)
def test_a_table_computes_nothing(name):
    """No cell begins as a formula, and none holds a separator with a formula after it."""
    row = table.Row(real(), name, name, name, "graded", name)
    (cells,) = csv.DictReader(io.StringIO(table.render([row])))
    for cell in cells.values():
        assert not re.search(r"(^|[;,\t])\s*[=+\-@\uff1d]", cell), cell
    assert "1" in cells["name"] or "x" in cells["name"]


def test_a_table_has_a_row_for_everybody():
    """Those who have no report are in it with their outcome; tasks are columns once."""
    unread = table.Row(None, "7", "Ada", "a.zip", "unreadable", "is damaged")
    text = table.render([table.of_report(real()), unread, table.of_report(real())])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["outcome"] for row in rows] == ["graded", "unreadable", "graded"]
    assert (rows[1]["score"], rows[2]["score"]) == ("", "3")
    assert text.splitlines()[0].count("ex1.dprobs") == 1


class Tags(HTMLParser):
    """The tags and their attributes in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        """Keep a tag."""
        self.found.add(" ".join([tag, *(name for name, _ in attrs)]))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([HOSTILE, "```\n~~~", "<!--", "](", "&#60;b>", "    code"]) | st.text())
def test_a_summary_holds_text_and_no_markup_of_a_submission(text):
    """Read as Markdown, a summary has the tags that the grader wrote and no others."""
    page = MarkdownIt("commonmark").enable("table").render(github.summary(poisoned(text)))
    harmless = MarkdownIt("commonmark").enable("table").render(github.summary(poisoned("x")))
    assert Tags(page).found <= Tags(harmless).found


def test_annotations_are_few_and_at_the_functions():
    """Ten errors and ten warnings at most; the last of too many says how many are left."""
    report = real()
    many = report.model_copy(update={"tasks": [report.tasks[4]] * 14, "findings": []})
    lines = list(github.annotated(many, "exercises"))
    assert len(lines) == 10
    assert lines[0].startswith("::error file=exercises/wrong.py,line=11,title=ex1.dcounts%3A ")
    assert lines[-1].endswith("::5 more are in the summary of this step.")
    findings = real(findings=[real().findings[0].model_dump()] * 14)
    assert sum(line.startswith("::warning") for line in github.annotated(findings)) == 10


def test_commands_of_a_workflow_are_escaped():
    """Line ends and percent signs in messages, and separators in properties, are escaped."""
    made = github.command("error", "50%\r\nover: a,b", file="a:b,c%\n.py")
    assert made == "::error file=a%3Ab%2Cc%25%0A.py::50%25%0D%0Aover: a,b"


def test_prints_of_a_submission_command_nothing(tmp_path, monkeypatch):
    """What a submission printed is between stop-commands with a token that nobody could guess."""
    path = tmp_path / "report.json"
    path.write_text(real().as_json(), encoding="utf-8")
    summary, outputs = tmp_path / "summary.md", tmp_path / "outputs"
    summary.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    tokens = set()
    for _ in range(2):
        done = CliRunner().invoke(cli.main, ["export", "github", str(path), "--view", "staff"])
        assert done.exit_code == 0, done.output
        lines = done.stdout.splitlines()
        (start,) = [n for n, line in enumerate(lines) if line.startswith("::stop-commands::")]
        token = lines[start].removeprefix("::stop-commands::")
        assert lines[-1] == f"::{token}::"
        outside = [*lines[:start], lines[-1]]
        forged = [line for line in outside if "forged" in line]
        assert all(line.startswith("::error file=wrong.py,") for line in forged)
        assert "::error::forged" in lines[start:]
        tokens.add(token)
    assert len(tokens) == 2
    assert all(len(token) >= 32 for token in tokens)
    assert summary.read_text(encoding="utf-8").startswith("before\n## Backprop Ninja: 3 of 25\n")
    assert outputs.read_text(encoding="utf-8") == "score=3\nmax-score=25\n" * 2


def test_a_summary_makes_room_for_what_is_there(tmp_path):
    """The mebibyte is for the whole step: what an earlier command wrote counts."""
    report = with_tasks(real(), output="y" * 65536).model_copy(update={"view": "student"})
    path, summary = tmp_path / "report.json", tmp_path / "summary.md"
    path.write_text(report.as_json(), encoding="utf-8")
    summary.write_bytes(b"x" * ((1 << 20) - 20_000))
    done = CliRunner().invoke(cli.main, ["export", "github", str(path), "-o", str(summary)])
    assert done.exit_code == 0, done.output
    assert (1 << 20) - 20_000 < summary.stat().st_size <= 1 << 20


@pytest.mark.parametrize("name", FILES)
def test_a_report_on_disk_is_exported(name, tmp_path, monkeypatch):
    """The command line writes what the golden files hold, to a file or to standard output."""
    for variable, value in CLASSROOM.items():
        monkeypatch.setenv(variable, value)
    path, out = tmp_path / "report.json", tmp_path / "out"
    path.write_text(real().as_json(), encoding="utf-8")
    done = CliRunner().invoke(cli.main, ["export", name, str(path), "-o", str(out)])
    assert done.exit_code == 0, done.output
    made = out.read_text(encoding="utf-8")
    assert dated((GOLDEN / FILES[name]).read_text(encoding="utf-8")) == dated(made)
    shown = CliRunner().invoke(cli.main, ["export", name, str(path)])
    assert dated(made) == dated(shown.stdout)


def dated(text: str) -> str:
    """Return a text with the same date in it, whenever it was made."""
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "DATE", text)


@pytest.mark.parametrize("name", FILES)
def test_the_exit_code_tells_of_a_fault_of_the_grader(name, tmp_path, monkeypatch):
    """Exit code 4, and no file from the formats that would make a score of it."""
    for variable, value in CLASSROOM.items():
        monkeypatch.setenv(variable, value)
    path, out = tmp_path / "report.json", tmp_path / "out"
    path.write_text(faulty().as_json(), encoding="utf-8")
    done = CliRunner().invoke(cli.main, ["export", name, str(path), "-o", str(out)])
    assert done.exit_code == 4, done.output
    assert "no score" in done.stderr
    assert out.exists() == (name not in ("gradescope", "classroom50"))


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff\xfe", b'{"score": 100}'])
def test_what_is_no_report_is_refused(content, tmp_path):
    """A file that is missing or something else is named, with what to do; exit code 3."""
    path = tmp_path / "report.json"
    if content is not None:
        path.write_bytes(content)
    done = CliRunner().invoke(cli.main, ["export", "gradescope", str(path)])
    assert done.exit_code == 3
    assert str(path) in done.stderr
    assert done.stdout == ""


def test_a_cohort_is_a_table(tmp_path):
    """The folder of a cohort becomes a row for each student, in its order, with its outcomes."""
    from grader.cohort import index

    report = real(duration_s=0.0)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "a.json").write_text(report.as_json(), encoding="utf-8")
    common = {"path": "a.py", "statuses": {}, "submitted_at": None, "facts": {}, "notes": []}
    none = dict.fromkeys(("digest", "report", "score", "max_score", "bonus", "max_bonus"))
    scored = {"score": 3.0, "max_score": 25.0, "bonus": 2.0, "max_bonus": 4.0, "digest": "0"}
    entries = [
        {"id": "1", "name": "=Ada", "outcome": "policy", "message": "", "report": "reports/a.json"}
        | common
        | scored,
        {"id": "2", "name": "Bo", "outcome": "unreadable", "message": "damaged"} | common | none,
    ]
    facts = dict.fromkeys("seed corpus isolation course grader sources".split(), "x")
    whole = index.Index.model_validate(
        facts
        | {
            "public_only": False,
            "allow": [],
            "environment": {},
            "notes": [],
            "tasks": [],
            "entries": entries,
        }
    )
    (tmp_path / index.SUMMARY).write_text(whole.as_json(), encoding="utf-8")
    done = CliRunner().invoke(cli.main, ["export", "csv", str(tmp_path)])
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["id"], row["name"], row["outcome"], row["score"]) for row in rows] == [
        ("1", "'=Ada", "policy", "3"),
        ("2", "Bo", "unreadable", ""),
    ]


@pytest.mark.parametrize("value", ["nonsense=x", "gradescope", "gradescope=", "=x", "github=x"])
def test_an_export_that_there_is_none_of_is_refused(value):
    """Before anything is graded, and with the formats that there are."""
    done = CliRunner().invoke(cli.main, ["grade", "exercises", "--export", value])
    assert done.exit_code == 2
    assert "gradescope, classroom50, prairielearn, exercism, junit, csv" in done.stderr


def test_commands_of_the_page_are_understood(tmp_path, monkeypatch):
    """Those that need a cohort or a container: each names a command, with options that it has."""
    (tmp_path / "exports").mkdir()
    page = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```bash\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    lines = [shlex.split(line) for block in shown for line in block.splitlines()]
    assert len(lines) == 7
    monkeypatch.chdir(tmp_path)
    for name, *arguments in lines:
        assert name == "grader"
        command: click.Command = cli.main
        while isinstance(command, click.Group):
            inner = command.get_command(click.Context(command), arguments.pop(0))
            assert inner is not None
            command = inner
        arguments = [word.replace("/grade/results", "exports") for word in arguments]
        command.make_context(command.name, arguments)


def write_goldens() -> None:
    """Write the golden files."""
    for file, text in goldens().items():
        (GOLDEN / file).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write_goldens()
