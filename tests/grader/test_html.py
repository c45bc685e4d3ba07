"""The web page of a report: its structure, its secrets, its colours, and how a browser shows it."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise, product
from pathlib import Path

import pytest

from grader.options import ROOT
from grader.render import html
from grader.report import (
    Check,
    Diagnosis,
    ExerciseReport,
    Figures,
    Finding,
    Report,
    TaskReport,
    Training,
    Worst,
    for_student,
)

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
        rule="autograd",
        what=f"backward{text}",
        reason="uses autograd",
        tasks=["ex1.dt0"],
        bars=True,
        allowed=False,
    )
    submission = {"name": f"ada{text}", "digest": "0" * 64, "notes": [f"left out: {text}"]}
    training = example()["training"] | {"loss": 2.58}
    values = example() | {
        "tasks": [t.model_dump() for t in tasks],
        "exercises": [e.model_dump() for e in exercises],
        "score": exercises[0].score,
        "max_score": exercises[0].max_score,
        "bonus": exercises[1].score,
        "max_bonus": exercises[1].max_score,
        "policy": [finding.model_dump()],
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
        policy=[],
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
        "uses autograd",
        "bars the tasks",
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
    strip = html._strip(training)
    assert [row for _, row in strip.dots] == list(range(len(losses)))
    html.render(report_of().model_copy(update={"training": training}))


# The command line


def grader(*arguments) -> subprocess.CompletedProcess[str]:
    """Run the grader."""
    command = [sys.executable, "-m", "grader.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)


def test_grade_writes_the_page_of_its_report(tmp_path):
    """The page that --html writes is that of the report that --json writes."""
    page, report = tmp_path / "report.html", tmp_path / "report.json"
    done = grader(
        "grade", ROOT / "solutions", "--isolation=best", "--public-only", "--html", page,
        "--json", report, "--view=student",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    written = Report.model_validate_json(report.read_text(encoding="utf-8"))
    assert page.read_text(encoding="utf-8") == html.render(written)


def test_check_writes_a_students_page(tmp_path):
    """A student's own check gives a page in the student's view."""
    page = tmp_path / "report.html"
    done = grader("check", "ex1.dprobs", "--path", ROOT / "solutions", "--html", page)
    assert done.returncode == 0, done.stderr
    assert "student's view" in Page(page.read_text(encoding="utf-8")).one("header")["text"]


def test_page_goes_to_standard_output_alone():
    """With `-` nothing but the page is printed."""
    done = grader("check", "ex1.dprobs", "--path", ROOT / "solutions", "--html", "-")
    assert done.returncode == 0, done.stderr
    Page(done.stdout).one("main")
    assert done.stdout.startswith("<!DOCTYPE html>")
    assert done.stdout.endswith("</html>\n")


@pytest.mark.parametrize("name", ["-", "report"])
def test_two_reports_do_not_fit_one_file(tmp_path, name):
    """The same file for both formats is a mistake, and it is found before any work is done."""
    file = name if name == "-" else tmp_path / name
    done = grader("grade", ROOT / "solutions", "--html", file, "--json", file)
    assert done.returncode == 2
    assert "both write to" in done.stderr


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
STYLE = (html.TEMPLATES / "report.css").read_text(encoding="utf-8")


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
    assert names[0] == names[1] == {*TEXTS, *GROUNDS, "line", "edge", "fill", "track"}


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

FLAGS = """--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --hide-scrollbars
--disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A browser without a window; without one these tests are skipped, but not in CI."""
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in programs:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium and chromedriver are not installed")
        pytest.skip("chromium and chromedriver are not installed")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for flag in [*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(programs[1]))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where the page of a hostile report lies."""
    path = Path(tmp_path_factory.mktemp("page")) / "report.html"
    path.write_text(html.render(report_of(HOSTILE)), encoding="utf-8")
    return path.as_uri()


def open_page(browser, address, *, width=1280, scheme="light", media="", script=True):
    """Open a page at a width, in a colour scheme, for a screen or for print."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not script})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    wishes = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
    features = [{"name": name, "value": value} for name, value in wishes.items()]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    browser.get(address)


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
