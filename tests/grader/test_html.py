"""The web page of a report: its structure, its secrets, its colours, and how a browser shows it."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import tomllib
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise, product
from pathlib import Path

import pytest
import torch
from browsers import open_page
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import calibration, cases, grade, heat_map, reference
from grader.course import catalogue
from grader.course.network import Sizes
from grader.options import ROOT, Options
from grader.reference import Reference
from grader.render import html
from grader.render.pictures import strip as strips
from grader.render.pictures.curve import curve
from grader.render.pictures.maps import BOUNDS, colour, panels
from grader.report import (
    Check,
    Diagnosis,
    ExerciseReport,
    Figures,
    Finding,
    Mark,
    Picture,
    Report,
    TaskReport,
    Training,
    Worst,
    for_student,
)
from grader.submission import Submission

HOSTILE = (
    "</script><script>alert(1)</script></pre></style><img src=x onerror=alert(2)>"
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x00 \u202egpj.exe \" onload='x' {{ 7 * 7 }} &amp; "
    + "w"
    * 400
)
CANARY = "CANARY-5eb63bbb"
STATUSES = ["passed", "shape", "failed", "error", "timeout", "memory", "crashed"]
STATUSES += ["policy", "not_attempted", "infrastructure"]


def figures(right: bool, secret: str = "", **changes) -> Figures:
    """Return a comparison with a reference."""
    values = {
        "case": f"lecture{secret}",
        "kind": "exact" if right else "wrong",
        "error": 0.0 if right else 0.25,
        "max_abs": 0.0 if right else 3.5e-3,
        "exact": right,
        "approx": right,
        "shape": [32, 27],
        "expected_shape": [32, 27],
        "dtype": "float32",
        "worst": Worst(index=[8, 1], yours=None if secret else -0.36, expected=-0.354649),
        "note": secret,
    }
    return Figures.model_validate(values | changes)


def picture(secret: str = "") -> Picture:
    """Return a picture of 3 by 4 cells, one of them nan."""
    rows = ["0 19 20 -99", "-100 nan 300 -1000", "1000 550 -799 800"]
    return Picture(
        case=f"lecture{secret}",
        rows="n",
        columns="vocab",
        size=[6, 8],
        block=[2, 2],
        scale=0.5,
        difference_scale=0.25,
        largest=2.0,
        off=5,
        yours=rows,
        expected=rows[::-1],
        difference=rows,
        marks=[
            Mark(row=1, column=1, index=[3, 2], yours=None, expected=-0.25),
            Mark(row=2, column=3, index=[5, 7], yours=0.4, expected=0.125),
        ],
        note=secret,
    )


def check(status: str, visibility: str, text: str = "", secret: str = "") -> Check:
    """Return a check; what only staff may see of it contains the secret."""
    right = status == "passed"
    return Check(
        name="test_gradient",
        title=f"Right for any batch size, {visibility}.",
        visibility=visibility,
        part=None,
        status=status,
        message="" if right else f"worst at [8, 1] {text}{secret}",
        diagnosis=None
        if right
        else Diagnosis(id="sign", says=f"Turned round {secret}", nudge=f"Which way? {text}"),
        line=None if right else 31,
        traceback="" if right else f"Traceback {text}{secret}",
        figures=[] if status == "error" else [figures(right, secret)],
        facts={"loss": 2.5, "loss limit": 2.6} if right else {},
        picture=picture(secret) if status in ("failed", "shape") else None,
    )


def task(number: int, status: str, text: str = "") -> TaskReport:
    """Return a task of that status, with a public and a hidden check."""
    checks = [check(status, "public", text), check(status, "hidden", text, CANARY)]
    points = {"passed": 2.0, "shape": 1.0}.get(status, 0.0)
    exercise = f"ex{1 + number % 2}"
    deciding = checks[0 if status in ("policy", "infrastructure") else 1]
    return TaskReport(
        name=f"dt{number}",
        exercise=exercise,
        full_name=f"{exercise}.dt{number}",
        status=status,
        points=points,
        max_points=2.0,
        is_bonus=exercise == "ex2",
        max_relative_error=None if status == "error" else 10.0 ** -(number + 1),
        max_abs_error=None if status == "error" else 0.1 * number,
        message=deciding.message,
        diagnosis=deciding.diagnosis,
        file=f"ex1{text}.py" if status != "not_attempted" else None,
        line=12,
        traceback=deciding.traceback,
        output=f"{text}{CANARY}" if text else "",
        parts={},
        checks=checks,
        duration_s=0.0123,
    )


@cache
def example() -> dict:
    """Return the report that docs/report.md shows, as a dictionary."""
    page = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return json.loads(block)


def report_of(text: str = "", **changes) -> Report:
    """Return a report with a task of each status; `text` stands wherever a submission can write."""
    tasks = [task(number, status, text) for number, status in enumerate(STATUSES)]
    exercises = [
        ExerciseReport(
            key=key,
            title=f"Exercise {key}",
            score=sum(t.points for t in tasks if t.exercise == key),
            max_score=sum(t.max_points for t in tasks if t.exercise == key),
            is_bonus=key == "ex2",
        )
        for key in ("ex1", "ex2")
    ]
    finding = Finding(
        id="0a1b2c",
        file=f"ex1{text}.py",
        line=3,
        kind="differences",
        what=f"a difference{text}",
        reason="may be a finite difference",
        tasks=["ex1.dt0"],
        state="open",
    )
    submission = {"name": f"ada{text}", "digest": "0" * 64, "notes": [f"left out: {text}"]}
    training = example()["training"] | {"loss": 2.58}
    training["curve"][0]["loss"] = 2.7
    values = example() | {
        "tasks": [t.model_dump() for t in tasks],
        "exercises": [e.model_dump() for e in exercises],
        "score": exercises[0].score,
        "max_score": exercises[0].max_score,
        "bonus": exercises[1].score,
        "max_bonus": exercises[1].max_score,
        "findings": [finding.model_dump()],
        "submission": submission,
        "seed": CANARY,
        "training": training,
    }
    return Report.model_validate(values | changes)


class Page(HTMLParser):
    """The elements of a page with their attributes, their ancestors and their text."""

    VOID = ("meta", "img", "br", "input", "link", "hr")

    def __init__(self, source: str):
        super().__init__()
        self.open: list[dict] = []
        self.elements: list[dict] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        """Note an element; no attribute may occur twice."""
        assert len(dict(attrs)) == len(attrs), f"an attribute occurs twice: {tag} {attrs}"
        element = {"tag": tag, "attrs": dict(attrs), "within": list(self.open), "text": ""}
        self.elements.append(element)
        if tag not in self.VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        """Note an element that is closed at once."""
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        """Close the innermost element, which must be of this tag."""
        assert self.open.pop()["tag"] == tag

    def handle_data(self, data):
        """Add a text to all elements around it."""
        for element in self.open:
            element["text"] += data

    def all(self, *tags: str, inside: dict | None = None) -> list[dict]:
        """Return the elements of these tags, of the whole page or within one element."""
        found = [e for e in self.elements if e["tag"] in tags]
        return [e for e in found if inside is None or any(e2 is inside for e2 in e["within"])]

    def one(self, tag: str) -> dict:
        """Return the only element of a tag."""
        (found,) = self.all(tag)
        return found


REPORTS = {
    "every status": report_of,
    "hostile": lambda: report_of(HOSTILE),
    "a student's": lambda: for_student(report_of(HOSTILE)),
    "documented": lambda: Report.model_validate(example()),
    "bare": lambda: report_of(
        training=None,
        findings=[],
        hidden={"run": False, "passed": None, "total": "withheld"},
        seed=None,
    ),
    "without tasks": lambda: report_of(tasks=[], exercises=[], max_score=0, max_bonus=0),
}


@pytest.fixture(params=list(REPORTS))
def source(request):
    """The page of a report, as text."""
    return html.render(REPORTS[request.param]())


@pytest.fixture
def page(source):
    """The page of a report, parsed."""
    return Page(source)


def test_headings_are_in_order(page):
    """There is one h1, and no level is left out on the way down."""
    levels = [int(e["tag"][1]) for e in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))


def test_tables_can_be_read_aloud(page):
    """Every table has a caption, heads with a scope, and rows as wide as its head."""
    for table in page.all("table"):
        (caption,) = page.all("caption", inside=table)
        assert caption["text"].strip()
        heads = page.all("th", inside=table)
        assert {e["attrs"].get("scope") for e in heads} <= {"col", "row"}
        assert all(e["text"].strip() for e in heads)
        widths = {len(page.all("th", "td", inside=row)) for row in page.all("tr", inside=table)}
        assert len(widths) == 1
        assert any(e["attrs"].get("class") == "scroll" for e in table["within"])


def test_page_says_what_it_is(page):
    """Language, title, skip link, main landmark, and a live region for what filters find."""
    assert page.one("html")["attrs"]["lang"] == "en"
    assert "Backprop Ninja" in page.all("title")[0]["text"]
    assert "Backprop Ninja" in page.one("h1")["text"]
    page.one("main")
    ids = [e["attrs"]["id"] for e in page.elements if "id" in e["attrs"]]
    assert len(ids) == len(set(ids))
    links = page.all("a")
    assert links[0]["text"] == "Skip to the tasks"
    assert {e["attrs"]["href"].removeprefix("#") for e in links} <= set(ids)
    named = [e["attrs"].get("aria-labelledby", "") for e in page.elements]
    assert {word for names in named for word in names.split()} <= set(ids)
    (live,) = [e for e in page.elements if e["attrs"].get("aria-live") == "polite"]
    assert live["attrs"]["role"] == "status"


def test_places_in_a_notebook_are_cells():
    """A task, a check and a finding of a notebook are told by cell and line; others by line."""
    report = report_of()
    in_cell = {"file": "mine.ipynb", "cell": 7, "line": 3}
    wrong = report.tasks[2]
    raised = wrong.checks[0].model_copy(update={"cell": 6, "line": 2})
    tasks = [wrong.model_copy(update={**in_cell, "checks": [raised]}), report.tasks[3]]
    finding = report.findings[0].model_copy(update={**in_cell, "line": 4})
    source = html.render(report.model_copy(update={"tasks": tasks, "findings": [finding]}))
    texts = [e["text"] for e in Page(source).all("code", "th", "p")]
    assert {"mine.ipynb, cell 7, line 3", "mine.ipynb, cell 7, line 4"} <= set(texts)
    assert {"cell 6, line 2", "ex1.py:12"} <= set(texts)


def test_right_answers_may_have_a_note():
    """What there is to note of a passed task stands in its row and in its article, as a note."""
    report = report_of()
    noted = report.tasks[0].model_copy(update={"message": "the shape is (1, 27)"})
    page = Page(html.render(report.model_copy(update={"tasks": [noted, *report.tasks[1:]]})))
    told = [e for e in page.all("td", "p") if e["text"] == "Note: the shape is (1, 27)"]
    assert [e["tag"] for e in told] == ["td", "p"]
    plain = Page(html.render(report))
    assert [e for e in plain.all("td", "p") if e["text"].startswith("Note: ")] == []


def test_time_is_shown_where_it_is_known():
    """A report of a cohort's ledger has no time of its own, and its page does not show 0 s."""
    for seconds, shown in ((1.26, ["1.3 s"]), (0.0, [])):
        page = Page(html.render(report_of(duration_s=seconds)))
        assert shown == [e["text"] for e in page.all("dd") if re.fullmatch(r"[\d.]+ s", e["text"])]


def test_nothing_is_loaded_from_elsewhere(source, page):
    """No address but places of the page itself, no handler, no style in an attribute."""
    assert "http://" not in source
    assert "https://" not in source
    assert "url(" not in page.one("style")["text"]
    assert "@import" not in page.one("style")["text"]
    for element in page.elements:
        names = element["attrs"].keys()
        assert not {name for name in names if name.startswith("on")}
        assert not names & {"src", "srcset", "style", "action", "formaction", "data", "xlink:href"}
        assert element["attrs"].get("href", "#").startswith("#")
    known = {e["tag"] for e in page.elements}
    assert not known & {"img", "iframe", "object", "embed", "link", "base", "audio", "video"}


def test_policy_lets_only_the_own_style_and_script_run(page):
    """The Content-Security-Policy names the digests of the one style and the one script."""
    (policy,) = [e for e in page.all("meta") if "http-equiv" in e["attrs"]]
    rules = dict(rule.split(maxsplit=1) for rule in policy["attrs"]["content"].split("; "))
    for tag in ("style", "script"):
        digest = hashlib.sha256(page.one(tag)["text"].encode()).digest()
        assert rules[f"{tag}-src"] == f"'sha256-{base64.b64encode(digest).decode()}'"
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert page.elements.index(policy) < page.elements.index(page.one("style"))


def test_equal_reports_give_equal_pages():
    """A page is a pure function of its report, also of one that was read from a file."""
    report = report_of(HOSTILE)
    again = Report.model_validate_json(report.as_json())
    assert html.render(report).encode() == html.render(again).encode()


def test_what_a_submission_wrote_is_only_text():
    """Hostile names, messages and output make the same elements as harmless ones."""
    harmless, hostile = (Page(html.render(report_of(text))) for text in ("x", HOSTILE))
    assert [e["tag"] for e in hostile.elements] == [e["tag"] for e in harmless.elements]
    outputs = [e["text"] for e in hostile.all("pre") if "<img src=x onerror=alert(2)>" in e["text"]]
    assert outputs
    for text in outputs:
        assert "</script><script>alert(1)</script>" in text
        assert "{{ 7 * 7 }} &amp;" in text
        assert "red ⟨U+001B⟩]0;title⟨U+0007⟩ ⟨U+0000⟩ ⟨U+202E⟩gpj.exe" in text


def test_no_control_character_reaches_the_page(source):
    """Nothing but line ends and tabs: no colour codes, no change of direction."""
    assert html.NOT_TEXT.findall(source) == []


def test_text_without_control_characters_is_kept():
    """Lines, tabs and letters of any language stay as they are."""
    assert html.plain("ein\tß\r\n漢字 ∂L/∂W\n") == "ein\tß\n漢字 ∂L/∂W\n"
    assert html.plain("\x1b[1;38;5;196mx\x1b[m") == "x"


def test_page_shows_what_the_report_knows():
    """Score, checks, figures, diagnosis, place, findings and versions can be read."""
    report = report_of()
    text = " ".join(Page(html.render(report)).one("body")["text"].split())
    for told in (
        "2 of 10 points",
        "+ 1 of 10 bonus",
        "Hidden checks passed1 of 10",
        "Isolationjail",
        "Chain from the loss to C0 of 26 right",
        "first wrong: ex1.dcounts",
        "This submission's loss is 2.5800, within the threshold of 2.6166.",
        "from another of 24 seeds",
        "ex1.py:12",
        "max relative error 1.0e-03",
        "Turned round",
        "Which way?",
        "worst at [8, 1]",
        "loss 2.5, limit 2.6",
        "(32, 27)(32, 27)float32[8, 1]-0.36-0.354649",
        "nan or inf",
        "may be a finite difference",
        "for a person to judge",
        "The grader itself failed on ex2.dt9",
        report.environment.torch,
        report.environment.course,
        report.submission.digest,
        "landlock 7",
    ):
        assert told in text, told
    for status in STATUSES:
        assert html.LABELS.get(status, status) in text


def test_withheld_checks_are_called_withheld():
    """Where hidden checks did not run, no number stands for them."""
    text = Page(html.render(REPORTS["bare"]())).one("main")["text"]
    assert "Hidden checks passedwithheld" in text
    assert "Training loss" not in text


def test_students_page_has_nothing_hidden_in_its_source():
    """Neither values nor messages nor the seed of hidden checks, not even out of sight."""
    staff = report_of(HOSTILE)
    assert CANARY in html.render(staff)
    student = html.render(for_student(staff))
    assert CANARY not in student
    assert "a hidden check failed" in student
    assert "student's view" in student
    assert "Seed of the hidden checks" not in student


def training_with(loss: float | None, **changes) -> Training:
    """Return the documented training with another loss."""
    return Training.model_validate(example()["training"] | {"loss": loss} | changes)


@pytest.mark.parametrize("loss", [None, 2.55, 2.7, 27.1, 1e30, 0.0, -1e9, math.inf, math.nan])
def test_strip_of_losses_stays_in_the_picture(loss):
    """Dots, threshold, labels and the own loss lie within the picture, wherever the loss is."""
    report = report_of().model_copy(update={"training": training_with(loss)})
    page = Page(html.render(report))
    (strip,) = [e for e in page.all("svg") if e["attrs"].get("class") == "strip"]
    shapes = page.all("line", "circle", "text", inside=strip)
    for shape in shapes:
        for name in ("x", "x1", "x2", "cx"):
            place = float(shape["attrs"].get(name, "0").removesuffix("%"))
            assert 0 <= place <= 100
        for name in ("y", "y1", "y2", "cy"):
            assert 0 <= float(shape["attrs"].get(name, "0")) <= float(strip["attrs"]["height"])
    dots = [e for e in shapes if e["attrs"].get("class") == "dot"]
    assert len(dots) == len(example()["training"]["losses"])
    own = [e for e in shapes if e["attrs"].get("class") == "own-dot"]
    assert len(own) == (loss is not None and math.isfinite(loss))
    described = page.one("desc")["text"]
    assert ("off the scale" in described) == (
        loss is not None and abs(loss - 2.6) > 1 and own != []
    )


@pytest.mark.parametrize("losses", [[], [2.5], [2.5] * 50])
def test_strip_of_few_or_equal_losses(losses):
    """Equal losses are stacked, and the picture is as high as their pile."""
    training = training_with(2.5, losses=losses, threshold=2.5)
    strip = strips.strip(training)
    assert [row for _, row in strip.dots] == list(range(len(losses)))
    html.render(report_of().model_copy(update={"training": training}))


# Heat maps


def painted(outlines: list[tuple[str, str]]) -> dict[tuple[int, int], str]:
    """Return the colour of each cell that the paths of a map cover; none may be covered twice."""
    cells: dict[tuple[int, int], str] = {}
    for style, outline in outlines:
        pieces = re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-(\d+)z", outline)
        assert "".join(f"M{x} {y}h{w}v{h}h-{w2}z" for x, y, w, h, w2 in pieces) == outline
        for x, y, width, height, back in pieces:
            assert width == back
            for column in range(int(x), int(x) + int(width)):
                place = int(y) // int(height), column
                assert place not in cells
                cells[place] = style
    return cells


CELL = st.one_of(st.integers(-1000, 1000).map(str), st.just("nan"))


@given(st.integers(1, 9).flatmap(lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n))))
def test_every_cell_has_the_colour_of_its_number(rows):
    """The paths of a map cover each cell once, in the colour of its number, or not."""
    drawn = picture().model_copy(update={"yours": [" ".join(row) for row in rows]})
    cells = painted(panels(drawn)[0].paths)
    expected = {(y, x): colour(c) for y, row in enumerate(rows) for x, c in enumerate(row)}
    assert cells == {place: name for place, name in expected.items() if name}


def test_colours_tell_sign_and_size():
    """A number next to zero has no colour, and a larger one never a paler colour."""
    assert {colour(str(value)) for value in range(-BOUNDS[0] + 1, BOUNDS[0])} == {""}
    assert [colour(str(bound)) for bound in BOUNDS] == [f"up{level}" for level in range(1, 6)]
    assert [colour(str(-bound)) for bound in BOUNDS] == [f"down{level}" for level in range(1, 6)]
    assert colour("nan") == "broken"


def test_page_shows_a_wrong_gradient():
    """Three maps stand under the task that failed, with the worst entries framed and written."""
    page = Page(html.render(report_of()))
    (article,) = [e for e in page.all("article") if e["attrs"]["data-task"] == "ex1.dt2"]
    maps = [e for e in page.all("svg", inside=article) if e["attrs"].get("class") == "cells"]
    assert len(maps) == 6  # a public check and a hidden one
    names = [e["text"] for e in page.all("figcaption", inside=article)]
    assert names[:3] == ["yours", "expected", "yours minus expected"]
    for one in maps:
        assert "3 by 4 cells, worst entry at [3, 2]" in one["attrs"]["aria-label"]
        frames = [e["attrs"] for e in page.all("rect", inside=one)]
        worst = [f for f in frames if f["class"] == "frame worst"]
        assert [(round(float(f["x"]), 1), round(float(f["y"]), 1)) for f in worst] == [(0.7, 0.7)]
        assert len([f for f in frames if f["class"].startswith("frame")]) == 2
    told = " ".join(article["text"].split())
    for part in (
        "Down n (6), across vocab (8). A cell is the largest of 2 x 2 entries.",
        "The strongest colours are 0.5 for yours and expected, 0.25 for the difference.",
        "Yours goes up to 2 and is cut off.",
        "5 of 48 entries differ by more than rounding.",
        "[3, 2]nan or inf-0.25 [5, 7]0.40.125",
    ):
        assert part in told


WRONG = """
import torch
def dcounts(counts_sum_inv, dprobs):
    return counts_sum_inv * dprobs
def db2(dlogits):
    return dlogits.sum(0) * (1.0 if dlogits.shape == (32, 27) else 2.0)
def dprobs(probs, dlogprobs):
    return dlogprobs[:1] / probs[:1]
"""


@pytest.fixture(scope="module")
def graded(zygote):
    """The report of three wrong gradients: everywhere, in hidden checks only, of another shape."""
    submission = Submission("wrong", {"ex1_backward.py": WRONG.encode()}, "0" * 64)
    tasks = ("ex1.dprobs", "ex1.dcounts", "ex1.db2")
    return grade.grade_one(submission, zygote, Options(seed="pictures", tasks=tasks))


def pictured(report: Report, task: str) -> list[Check]:
    """Return the checks of a task that have a picture."""
    (found,) = [t for t in report.tasks if t.full_name == task]
    return [c for c in found.checks if c.picture is not None]


def test_a_wrong_gradient_has_one_picture(graded):
    """The first check that fails has it, and its maps are those numbers in thousandths."""
    (task,) = [t for t in graded.tasks if t.full_name == "ex1.dcounts"]
    assert len([c for c in task.checks if c.status == "failed"]) > 1
    (only,) = pictured(graded, "ex1.dcounts")
    assert only == next(c for c in task.checks if c.status == "failed")
    drawn, (figures_,) = only.picture, only.figures
    case = cases.lecture("ex1", cases.splits_of("names").train)
    right = reference.gradient(catalogue.course().resolve("ex1.dcounts"), case).value
    shown = torch.tensor([[int(c) for c in row.split()] for row in drawn.expected])
    assert (shown * drawn.scale / 1000 - right).abs().max() <= drawn.scale / 1000
    wrong = case.tensors["counts_sum_inv"] * case.upstream["dprobs"]
    shown = torch.tensor([[int(c) for c in row.split()] for row in drawn.yours])
    assert (shown * drawn.scale / 1000 - wrong).abs().max() <= drawn.scale / 1000
    assert drawn.marks[0].index == figures_.worst.index == [8, 1]
    assert (drawn.marks[0].row, drawn.marks[0].column) == (8, 1)
    assert (drawn.rows, drawn.columns, drawn.size, drawn.off) == ("n", "vocab", [32, 27], 864)


def test_what_cannot_be_laid_beside_the_reference_has_no_picture(graded):
    """An answer of another shape is told by its shape."""
    assert pictured(graded, "ex1.dprobs") == []


def test_a_student_sees_no_picture_of_a_hidden_check(graded):
    """Staff see what only a hidden check found; the student's report does not have it."""
    (hidden,) = pictured(graded, "ex1.db2")
    assert hidden.visibility == "hidden"
    student = for_student(graded)
    assert pictured(student, "ex1.db2") == []
    assert pictured(student, "ex1.dcounts") == pictured(graded, "ex1.dcounts")
    maps = html.render(student).count('class="cells"'), html.render(graded).count('class="cells"')
    assert maps == (3, 6)


@given(
    st.integers(1, 70), st.integers(1, 120), st.integers(0, 10**6),
    st.sampled_from([math.nan, math.inf, -math.inf, 7.5]), st.sampled_from([1e-30, 1.0, 1e30]),
)  # fmt: skip
@settings(deadline=None)
def test_no_wrong_entry_is_lost_where_a_map_is_shrunk(rows, columns, place, wrong, size):
    """Whatever the size of a tensor, its picture is small, and the one wrong entry stands out."""
    right = torch.linspace(-1, 1, rows * columns).double().reshape(rows, columns) * size
    row, column = divmod(place % (rows * columns), columns)
    answer = right.clone()
    answer[row, column] = wrong * size
    expected = Reference(right, (), size, right.float())
    made = heat_map.for_report("a case", answer, expected, 1e-5, Sizes())
    drawn = Picture.model_validate(made)
    assert drawn.off == 1
    (mark,) = drawn.marks
    assert mark.index == [row, column]
    differences = [line.split() for line in drawn.difference]
    assert len(differences) <= 32
    assert {len(line) for line in differences} <= set(range(1, 97))
    strong = {(y, x) for y, line in enumerate(differences) for x, c in enumerate(line) if colour(c)}
    assert strong == {(mark.row, mark.column)}
    assert mark.yours == (None if not math.isfinite(wrong) else float(f"{wrong * size:.6g}"))


# The loss over the steps


def curved(*losses: float | None) -> Training:
    """Return a training whose curve has these losses."""
    bands = [(10, 3.29), (30, 3.1), (100, 2.85), (300, 2.67), (1000, 2.56)]
    points = [
        {"steps": steps, "loss": loss, "mean": mean, "sd": 0.02}
        for (steps, mean), loss in zip(bands, losses, strict=True)
    ]
    return training_with(losses[-1], curve=points)


LOSS = st.one_of(st.none(), st.floats(0, 1e9), st.floats(2.4, 3.5))


@given(st.tuples(*[LOSS] * 5))
def test_curve_stays_in_the_picture(losses):
    """Every line and dot lies within the picture, and a higher loss is never drawn lower."""
    training = curved(*losses)
    laid = curve(training)
    places = [tuple(map(float, p.split(","))) for p in f"{laid.band} {laid.mean}".split()]
    for x, y in [*places, *laid.dots, (0, laid.threshold)]:
        assert 0 <= x <= 100
        assert 0 <= y <= 100
    given_ = [p.loss for p in training.curve if p.loss is not None]
    ranked = sorted(zip(given_, [y for _, y in laid.dots], strict=True))
    assert all(a[1] >= b[1] for a, b in pairwise(ranked))
    assert len(laid.up) >= 2
    html.render(report_of().model_copy(update={"training": training}))


def test_curve_and_its_table_say_the_same():
    """Each loss can be read beside the reference's, and what has no answer says so."""
    report = report_of().model_copy(update={"training": curved(3.3, 3.2, 3.1, 9.5, None)})
    page = Page(html.render(report))
    (table,) = [t for t in page.all("table") if "after so many steps" in t["text"]]
    told = [
        [c["text"] for c in page.all("th", "td", inside=r)] for r in page.all("tr", inside=table)
    ]
    assert told[4] == ["300", "9.5000", "2.6700", "0.0200"]
    assert told[5] == ["1000", "no answer", "2.5600", "0.0200"]
    text = page.one("main")["text"]
    assert "the training loop was not run to its end" in text
    assert "A loss at the upper edge is off the scale." in text


def test_without_a_calibrated_curve_there_is_none():
    """A corpus that was calibrated before there were curves has the losses at the end alone."""
    report = report_of().model_copy(update={"training": training_with(2.5, curve=[])})
    page = Page(html.render(report))
    assert [e for e in page.all("svg") if e["attrs"].get("class") == "curve"] == []
    assert [e for e in page.all("svg") if e["attrs"].get("class") == "strip"]


def test_what_calibration_writes_is_what_a_curve_is_drawn_from(tmp_path, monkeypatch):
    """Mean and spread of the losses on the way are kept with those at the end."""
    toml = tmp_path / "tasks.toml"
    toml.write_bytes(catalogue.TASKS_TOML.read_bytes())
    monkeypatch.setattr(catalogue, "TASKS_TOML", toml)
    early = {10: (3.0, 3.2), 300: (2.5, 2.7)}
    calibration.write("names", calibration.Calibration((2.4, 2.6), early))
    known = tomllib.loads(toml.read_text(encoding="utf-8"))["training"]["loss"]["names"]
    assert known["curve"] == [
        {"steps": 10, "mean": 3.1, "sd": 0.1414},
        {"steps": 300, "mean": 2.6, "sd": 0.1414},
    ]
    assert (known["mean"], known["losses"]) == (2.5, [2.4, 2.6])


def test_a_loop_that_goes_wrong_has_a_curve_too(zygote):
    """The losses on the way are asked of a wrong loop, and are those that it reaches."""
    source = (ROOT / "solutions" / "ex4_training.py").read_text(encoding="utf-8")
    broken = source.replace("parameter -= learning_rate", "parameter += learning_rate")
    assert broken != source
    submission = Submission("ascent", {"ex4_training.py": broken.encode()}, "0" * 64)
    options = Options(seed="curve", tasks=("ex4.train",), public_only=True)
    training = grade.grade_one(submission, zygote, options).training
    assert training.loss is None
    assert [point.steps for point in training.curve] == [10, 30, 100, 300, 1000]
    losses = [point.loss for point in training.curve[:3]]
    assert losses == sorted(losses)
    assert losses[0] > training.curve[0].mean + 4 * training.curve[0].sd
    assert training.curve[-1].loss is None


@pytest.mark.parametrize("fate", ["[0] * (1 << 44)", "return (C,)", "raise ValueError"])
def test_a_run_that_is_only_shown_costs_nothing(zygote, fate):
    """A loop that dies in a shorter run, or whose worker is ended there, earns what it earns in the
    judged ones.
    """
    source = (ROOT / "solutions" / "ex4_training.py").read_text(encoding="utf-8")
    first = "    for i in range(steps):\n"
    assert source.count(first) == 1
    deadly = f"    if steps == 30:\n        {fate}\n{first}"
    files = {"ex4_training.py": source.replace(first, deadly).encode()}
    options = Options(seed="curve", tasks=("ex4.train",), public_only=True)
    report = grade.grade_one(Submission("deadly", files, "0" * 64), zygote, options)
    assert report.tasks[0].status == "passed"
    assert [point.loss is None for point in report.training.curve] == [False, *[True] * 3, False]
    final = report.training.curve[-1]
    assert abs(final.loss - final.mean) < 4 * final.sd


# The command line


def test_grade_writes_the_page_of_its_report(grader, tmp_path):
    """The page that --html writes is that of the report that --json writes."""
    page, report = tmp_path / "report.html", tmp_path / "report.json"
    grader(
        "grade", ROOT / "solutions" / "ex2_cross_entropy.py", "--isolation=best", "--public-only",
        "--html", page, "--json", report, "--view=student",
    )  # fmt: skip
    written = Report.model_validate_json(report.read_text(encoding="utf-8"))
    assert page.read_text(encoding="utf-8") == html.render(written)


def test_check_writes_a_students_page(grader, tmp_path):
    """A student's own check gives a page in the student's view."""
    page = tmp_path / "report.html"
    grader("check", "ex1.dprobs", "--path", ROOT / "solutions", "--html", page)
    assert "student's view" in Page(page.read_text(encoding="utf-8")).one("header")["text"]


def test_page_goes_to_standard_output_alone(grader):
    """With `-` nothing but the page is printed."""
    done = grader.run("check", "ex1.dprobs", "--path", ROOT / "solutions", "--html", "-")
    assert done.exit_code == 0, done.stderr
    Page(done.stdout).one("main")
    assert done.stdout.startswith("<!DOCTYPE html>")
    assert done.stdout.endswith("</html>\n")


@pytest.mark.parametrize("name", ["-", "report"])
def test_two_reports_do_not_fit_one_file(grader, tmp_path, name):
    """The same file for both formats is a mistake, and it is found before any work is done."""
    file = name if name == "-" else tmp_path / name
    told = grader("grade", ROOT / "solutions", "--html", file, "--json", file, code=2)
    assert "both write to" in told


# Colours


def colours(style: str) -> dict[str, dict[str, str]]:
    """Return the colours of the light and of the dark scheme by name."""
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    found = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", part)) for part in (light, dark)]
    return {"light": found[0], "dark": found[0] | found[1]}


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


TEXTS = ("ink", "muted", "accent", "good", "bad", "warn", "odd")
GROUNDS = ("page", "card", "sunken")
MAPPED = [f"{side}{level}" for side in ("up", "down") for level in range(1, 6)] + ["broken"]
STYLE = "".join(
    (html.TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.css", "pictures.css")
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(scheme):
    """Every colour of text is readable on every ground, and every line that matters is seen."""
    palette = colours(STYLE)[scheme]
    for text, ground in product(TEXTS, GROUNDS):
        assert contrast(palette[text], palette[ground]) >= 4.5, (text, ground)
    for graphic, ground in product(("edge", "fill"), ("page", "card")):
        assert contrast(palette[graphic], palette[ground]) >= 3, (graphic, ground)
    assert contrast(palette["fill"], palette["track"]) >= 3


def test_dark_scheme_has_every_colour():
    """No colour of the light scheme is left standing on a dark ground."""
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[:2]
    names = [set(re.findall(r"--(\w+): #", part)) for part in (light, dark)]
    assert names[0] == names[1] == {*TEXTS, *GROUNDS, "line", "edge", "fill", "track", *MAPPED}


def test_colours_are_only_used_by_name():
    """Outside the schemes there is no other colour, and text has colours of its own."""
    rules = re.sub(r":root \{.*?\}", "", STYLE, flags=re.DOTALL)
    assert re.findall(r"#[0-9a-f]{3,8}\b|\b(?:rgb|hsl)a?\(", rules) == []
    used = re.findall(r"[^-]color: var\(--(\w+)\)", rules)
    assert set(used) <= {*TEXTS}
    assert "opacity" not in rules


def test_no_status_is_told_by_colour_alone():
    """Every status has a word of its own beside its mark."""
    page = Page(html.render(report_of()))
    shown = [e for e in page.all("span") if e["attrs"].get("class", "").startswith("status ")]
    words = {e["attrs"]["class"].split()[1]: e["text"][1:] for e in shown}
    assert set(words) == set(STATUSES)
    assert len(set(words.values())) == len(STATUSES)
    assert all(words.values())


# A real browser


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where the page of a hostile report lies."""
    path = Path(tmp_path_factory.mktemp("page")) / "report.html"
    path.write_text(html.render(report_of(HOSTILE)), encoding="utf-8")
    return path.as_uri()


def shown(browser, selector):
    """Return the texts of the elements that can be seen."""
    return [e.text for e in browser.find_elements("css selector", selector) if e.is_displayed()]


def rows(browser):
    """Return the names of the tasks in the tables that can be seen, from top to bottom."""
    return shown(browser, "tr[data-task] th")


def test_browser_opens_without_complaints(browser, address):
    """No error, no refused style or script; nothing that a submission wrote has run."""
    open_page(browser, address)
    assert browser.get_log("browser") == []
    assert "Backprop Ninja" in browser.title
    assert len(rows(browser)) == len(STATUSES)
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0


def test_browser_filters(browser, address):
    """Tasks that passed and other exercises go away, and a live region says how many are left."""
    open_page(browser, address)
    browser.find_element("css selector", "input[value=open]").click()
    assert "dt0" not in rows(browser)
    assert len(rows(browser)) == len(STATUSES) - 1
    assert len(shown(browser, "article h4")) == len(STATUSES) - 1
    found = browser.find_element("id", "found")
    assert found.text == "Showing 9 of 10 tasks."
    browser.find_element("css selector", "option[value=ex1]").click()
    assert rows(browser) == ["dt2", "dt4", "dt6", "dt8"]
    assert shown(browser, "h3") == ["Exercise ex1"]
    assert found.text == "Showing 4 of 10 tasks."
    browser.find_element("css selector", "input[value=all]").click()
    browser.find_element("css selector", "select option").click()
    assert len(rows(browser)) == len(STATUSES)


def test_browser_sorts(browser, address):
    """Ascending, descending, as it was; what has no figure comes last both ways."""
    open_page(browser, address)
    before = rows(browser)
    heads = browser.find_elements("css selector", "[data-exercise=ex2] thead th")
    button = heads[3].find_element("css selector", "button")
    button.click()
    assert heads[3].get_attribute("aria-sort") == "ascending"
    assert rows(browser)[5:] == ["dt9", "dt7", "dt5", "dt1", "dt3"]
    assert browser.find_element("id", "found").text == "Sorted by max relative error, ascending."
    button.click()
    assert heads[3].get_attribute("aria-sort") == "descending"
    assert rows(browser)[5:] == ["dt1", "dt5", "dt7", "dt9", "dt3"]
    button.click()
    assert heads[3].get_attribute("aria-sort") is None
    assert rows(browser) == before


def test_browser_sorts_by_keyboard(browser, address):
    """A head of a column is a button that the keyboard reaches."""
    open_page(browser, address)
    button = browser.find_element(
        "css selector", "[data-exercise=ex1] thead th:nth-child(2) button"
    )
    button.send_keys("\ue007")
    assert rows(browser)[:5] == ["dt0", "dt2", "dt4", "dt6", "dt8"]
    button.send_keys("\ue007")
    assert rows(browser)[:5] == ["dt8", "dt6", "dt4", "dt2", "dt0"]


def test_browser_opens_details(browser, address):
    """Output, traceback and figures unfold, and the output stands there as text."""
    open_page(browser, address)
    details = browser.find_elements("css selector", "article details")
    assert details
    for one in details[:4]:
        inner = one.find_element("css selector", "pre, table")
        assert not inner.is_displayed()
        one.find_element("css selector", "summary").click()
        assert inner.is_displayed()
    texts = shown(browser, "article pre")
    assert any("</script><script>alert(1)</script>" in text for text in texts)


@pytest.mark.parametrize("width", [320, 375, 768])
def test_browser_never_scrolls_the_page_sideways(browser, address, width):
    """On a phone the page is as wide as the screen; only tables and output scroll in their box."""
    open_page(browser, address, width=width)
    browser.execute_script("for (const d of document.querySelectorAll('details')) d.open = true")
    page = "return document.documentElement.scrollWidth"
    assert browser.execute_script(page) == width
    browser.execute_script("window.scrollTo(500, 0)")
    assert browser.execute_script("return scrollX") == 0
    wide = (
        "return [...document.querySelectorAll('.scroll')].some(e => e.scrollWidth > e.clientWidth)"
    )
    assert browser.execute_script(wide)


COMPUTED = """
const solid = (e) => {
  for (; e; e = e.parentElement) {
    const ground = getComputedStyle(e).backgroundColor;
    if (ground !== "rgba(0, 0, 0, 0)") return ground;
  }
};
for (const d of document.querySelectorAll("details")) d.open = true;
const pairs = new Set();
for (const e of document.body.querySelectorAll("*")) {
  const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  if (!own || !e.checkVisibility() || e.matches("option, script, .skip")) continue;
  const svg = e instanceof SVGElement;
  pairs.add([svg ? getComputedStyle(e).fill : getComputedStyle(e).color, solid(e)].join("|"));
}
return [...pairs];
"""


def as_hex(colour: str) -> str:
    """Return a computed colour the way the style writes it."""
    red, green, blue = re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", colour).groups()
    return f"#{int(red):02x}{int(green):02x}{int(blue):02x}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_browser_shows_readable_colours(browser, address, scheme):
    """The scheme applies, and every text on the page has the contrast of WCAG AA."""
    open_page(browser, address, scheme=scheme)
    ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert as_hex(ground) == colours(STYLE)[scheme]["page"]
    pairs = [pair.split("|") for pair in browser.execute_script(COMPUTED)]
    assert len(pairs) >= len(TEXTS)
    for text, below in pairs:
        assert contrast(as_hex(text), as_hex(below)) >= 4.5, (text, below)


FOLDED = """
return [...document.querySelectorAll("article table, article pre")].map((e) => {
  const seen = e.checkVisibility({contentVisibilityAuto: true}) && e.offsetHeight > 0;
  return seen ? e.tagName : `unseen ${e.tagName}`;
});
"""


def test_browser_prints_everything_but_the_filters(browser, address):
    """In print there are no controls, details are unfolded and the ground is white."""
    open_page(browser, address, media="print", scheme="dark")
    assert shown(browser, "form") == []
    assert shown(browser, ".skip") == []
    folded = browser.execute_script(FOLDED)
    assert folded.count("TABLE") >= len(STATUSES)
    assert folded.count("PRE") >= len(STATUSES)
    assert not any(name.startswith("unseen") for name in folded)
    ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert as_hex(ground) == "#ffffff"


def test_browser_without_script(browser, address):
    """Without script there are no controls that do nothing, and the rest is there."""
    open_page(browser, address, script=False)
    try:
        form = browser.find_element("id", "filters")
        assert form.get_attribute("hidden") is not None
        assert browser.find_elements("css selector", "th button") == []
        assert len(browser.find_elements("css selector", "tr[data-task]")) == len(STATUSES)
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_browser_reaches_the_tasks_by_the_skip_link(browser, address):
    """The first stop of the keyboard leads past the overview."""
    open_page(browser, address)
    body = browser.find_element("css selector", "body")
    body.send_keys("\ue004")
    active = browser.switch_to.active_element
    assert active.text == "Skip to the tasks"
    active.send_keys("\ue007")
    assert browser.switch_to.active_element.get_attribute("id") == "tasks"
