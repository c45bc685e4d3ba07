"""The dashboard of a cohort: what it counts, that names are only text, how a browser shows it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from browsers import open_page
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.cohort.index import OUTCOMES, Entry, Index
from grader.options import ROOT
from grader.render import dashboard
from grader.render.class_figures import GROUPS, figures
from grader.render.html import NOT_TEXT
from grader.report import Check, Diagnosis, Finding, Report, TaskReport

HOSTILE = (
    "</script><script>alert(1)</script></style><img src=x onerror=alert(2)>\u2028\x1b[31m\x07"
    "\u202egpj.exe \" onload='x' {{ 7 * 7 }} &amp;"
)
TASKS = ("ex1.dprobs", "ex1.dcounts", "ex1.dh")
SCORED = [outcome for outcome in OUTCOMES if outcome not in ("unreadable", "infrastructure")]


@cache
def example() -> Report:
    """Return the report that docs/report.md shows."""
    page = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return Report.model_validate(json.loads(block))


def task(full_name: str, status: str, said: str = "") -> TaskReport:
    """Return a task of that status; `said` is the misconception behind it."""
    exercise, _, name = full_name.partition(".")
    told = Diagnosis(id=f"{full_name}/{said[:12]}", says=said, nudge="?") if said else None
    changes = {"name": name, "exercise": exercise, "full_name": full_name, "status": status}
    first: Check = example().tasks[0].checks[0].model_copy(update={"diagnosis": told})
    checks = [first, first.model_copy(update={"visibility": "hidden"})]
    return example().tasks[0].model_copy(
        update=changes | {"diagnosis": told, "checks": checks}
    )  # fmt: skip


def report(statuses: list[str], said: str = "", findings: int = 0) -> Report:
    """Return a report with these statuses; wrong answers have the misconception `said`."""
    finding = Finding(
        id="0a1b2c", file="ex1_backward.py", line=3, kind="differences", what=f"f(x){said}",
        reason="may be a finite difference", tasks=["ex1.dh"], state="open",
    )  # fmt: skip
    tasks = [
        task(name, status, said if status == "failed" else "")
        for name, status in zip(TASKS, statuses, strict=True)
    ]
    several = [finding.model_copy(update={"id": f"{n:010}"}) for n in range(findings)]
    return example().model_copy(update={"tasks": tasks, "findings": several})


def entry(id_: str, outcome: str = "graded", score: float | None = 50.0, **changes) -> Entry:
    """Return a student's entry; without a score there is no report either."""
    known = outcome in SCORED
    values = {
        "id": id_, "name": f"name {id_}", "path": f"{id_}.zip", "outcome": outcome,
        "digest": "0" * 64 if known else None, "message": "" if outcome == "graded" else outcome,
        "report": f"reports/{id_}.json" if known else None, "score": score if known else None,
        "max_score": 100.0 if known else None, "bonus": 1.5 if known else None,
        "max_bonus": 12.0 if known else None, "statuses": {}, "submitted_at": None, "facts": {},
        "notes": [],
    }  # fmt: skip
    return Entry.model_validate(values | changes)


def index_of(entries: list[Entry]) -> Index:
    """Return the index of a cohort."""
    return Index.model_validate(
        {
            "seed": "autumn", "corpus": "names", "public_only": False, "isolation": "jail",
            "allow": [], "course": "c" * 64, "grader": "0.1.0", "sources": "d" * 64,
            "environment": {"torch": "2.13.0"}, "entries": entries, "notes": [],
        }
        | ({"tasks": []} if "tasks" in Index.model_fields else {})
    )  # fmt: skip


class Cohort:
    """A cohort of each outcome; `text` stands wherever a submission or a roster can write."""

    def __init__(self, text: str = "", more: int = 0) -> None:
        self.entries = [
            entry("ada", score=100.0, name=f"Ada{text}", submitted_at="2024-05-01T12:00:00Z"),
            entry("bob", score=40.0, facts={"late": f"2 days{text}"}, notes=[f"left out{text}"]),
            *[entry(f"o-{outcome}", outcome, score=10.0, message=text) for outcome in OUTCOMES[1:]],
            *[entry(f"s{n:04d}", score=float(n % 101), name=f"Student {n}") for n in range(more)],
        ]
        known = {
            "ada": report(["passed", "passed", "passed"]),
            "bob": report(["passed", "failed", "shape"], f"The sum is missing.{text}"),
            "o-timeout": report(
                ["timeout", "failed", "not_attempted"], f"The sum is missing.{text}"
            ),
            "o-memory": report(["memory", "failed", "not_attempted"], f"A sign.{text}"),
            "o-crashed": report(["crashed", "error", "not_attempted"]),
            "o-policy": report(["passed", "passed", "policy"], text, findings=7),
        }
        ways = [["passed", "failed", "failed"], ["passed", "passed", "failed"], ["passed"] * 3]
        plain = [report(way, "The sum is missing.") for way in ways]
        self.reports = known | {f"s{n:04d}": plain[n % 3] for n in range(more)}
        self.times = {one.id: 1.0 + place for place, one in enumerate(self.entries)}
        self.links = {id_: f"html/{id_}.html" for id_ in self.reports}

    def page(self) -> str:
        """Return the dashboard."""
        return dashboard.render(index_of(self.entries), self.reports, self.times, self.links)


class Page(HTMLParser):
    """The elements of a page with their attributes, their ancestors and their text."""

    VOID = ("meta", "input")

    def __init__(self, source: str):
        super().__init__()
        self.open: list[dict] = []
        self.elements: list[dict] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        """Note an element."""
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

    def one_text(self) -> str:
        """Return the text of the page's body, with single spaces."""
        return " ".join(self.all("body")[0]["text"].split())

    def table(self, caption: str) -> list[list[str]]:
        """Return the texts of the table with this caption, row by row, without its head."""
        (found,) = [
            t
            for t in self.all("table")
            if self.all("caption", inside=t)[0]["text"].startswith(caption)
        ]
        rows = self.all("tr", inside=found)[1:]
        return [[c["text"] for c in self.all("th", "td", inside=row)] for row in rows]


PAGES = {
    "every outcome": Cohort,
    "hostile": lambda: Cohort(HOSTILE),
    "many": lambda: Cohort(more=150),
}


@pytest.fixture(params=list(PAGES))
def source(request):
    """The page of a cohort, as text."""
    return PAGES[request.param]().page()


def test_outcomes_are_counted_and_never_mixed():
    """Every outcome has its own row, also one that nothing came to."""
    rows = Page(Cohort().page()).table("Outcomes")
    assert [row[0][1:] for row in rows] == list(OUTCOMES)
    assert [row[1] for row in rows] == ["2", *["1"] * 6]


def test_what_has_no_score_is_not_a_zero():
    """Unreadable submissions and faults of the grader are in no mean and no histogram."""
    text = Page(Cohort().page()).one_text()
    assert "of 100 points is the median of 6 scores" in text
    assert "Mean score30.0" in text
    assert "The grader itself failed on 1 submission" in text


def test_histogram_counts_every_score_once():
    """A score stands in the column that it falls into; the highest one in the last."""
    rows = Page(Cohort().page()).table("Scores from")
    counts = {row[0]: int(row[1]) for row in rows if row[1] != "0"}
    assert counts == {"10 to 15": 4, "40 to 45": 1, "95 to 100": 1}


@given(st.lists(st.floats(0, 100), max_size=30))
@settings(deadline=None)
def test_every_histogram_adds_up(scores):
    """The columns follow each other and hold all scores."""
    entries = [entry(f"s{n}", score=score) for n, score in enumerate(scores)]
    bins = figures(index_of(entries), {}, {}, {}).histogram()
    assert sum(one.count for one in bins) == len(scores)
    assert all(a.high == b.low for a, b in pairwise(bins))


def test_a_task_shows_who_fails_it():
    """The heat map's figures are those of the reports, and its strips stand for the students."""
    cohort = Cohort()
    page = Page(cohort.page())
    row = dict(zip(TASKS, page.table("Tasks by students"), strict=True))["ex1.dcounts"]
    assert row[:5] == ["ex1.dcounts", "2 (33 %)", "3", "1", "0"]
    assert row[6] == "The sum is missing. (2)"
    strips = [e for e in page.all("svg") if e["attrs"].get("class") == "students"]
    ranked = sorted(cohort.entries, key=lambda e: (e.score is None, -(e.score or 0)))
    for name, strip in zip(TASKS, strips, strict=True):
        assert strip["attrs"]["viewbox"] == f"0 0 {len(ranked)} 1"
        seen = {}
        for path in page.all("path", inside=strip):
            for x, width in re.findall(r"M(\d+) 0h(\d+)v1h-\d+z", path["attrs"]["d"]):
                places = range(int(x), int(x) + int(width))
                seen |= {ranked[k].id: path["attrs"]["class"] for k in places}
        statuses = {
            id_: next(t.status for t in r.tasks if t.full_name == name)
            for id_, r in cohort.reports.items()
        }
        assert seen == {id_: f"{GROUPS[status]}-cell" for id_, status in statuses.items()}


def test_misconceptions_are_counted_by_student():
    """A student who shows one in several checks counts once; the most frequent comes first."""
    rows = Page(Cohort().page()).table("Misconceptions")
    assert [row[:3] for row in rows] == [
        ["2", "ex1.dcounts", "The sum is missing."],
        ["1", "ex1.dcounts", "A sign."],
    ]


def test_the_slowest_come_first():
    """Ten of them, with their times."""
    rows = Page(Cohort(more=5).page()).table("The 10 submissions")
    seconds = [float(row[1]) for row in rows]
    assert seconds == sorted(seconds, reverse=True)
    assert rows[0] == ["Student 4", "13.0", "✓graded"]


def test_findings_are_listed_and_never_hide_the_rest():
    """Of a student with very many findings some are shown, and how many more there are."""
    rows = Page(Cohort().page()).table("Evidence for a person to judge")
    assert len(rows) == 6
    assert rows[0][:2] == ["name o-policy", "ex1_backward.py:3"]
    assert rows[-1][3] == "2 more findings in the report"


def test_every_student_has_a_row_and_a_link():
    """Highest score first; who has a report is linked to it, and nobody else."""
    cohort = Cohort()
    page = Page(cohort.page())
    rows = page.table("Students")
    assert [row[1] for row in rows[:2]] == ["ada", "bob"]
    assert {row[1] for row in rows} == {e.id for e in cohort.entries}
    links = {e["attrs"]["href"] for e in page.all("a") if not e["attrs"]["href"].startswith("#")}
    assert links == set(cohort.links.values())
    assert rows[0][3:9] == ["100", "1.5", "3", "0", "1.0", "2024-05-01T12:00:00Z"]
    assert rows[1][9] == "late: 2 days; left out"


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "https://x.test/", "//x.test", "/etc/passwd"]
)
def test_links_never_leave_the_folder(link):
    """An address of another kind is no link at all."""
    cohort = Cohort()
    cohort.links["ada"] = link
    assert link not in cohort.page()


def test_each_report_is_read_once():
    """Reports come from files; a page of a thousand students must not read them again."""
    cohort, read = Cohort(), Counter()

    class Once(dict):
        """Reports that count how often each is read."""

        def __getitem__(self, id_):
            read[id_] += 1
            return super().__getitem__(id_)

    dashboard.render(index_of(cohort.entries), Once(cohort.reports), cohort.times, cohort.links)
    assert read == dict.fromkeys(cohort.reports, 1)


def test_equal_cohorts_give_equal_pages():
    """The page is a pure function of its arguments."""
    assert Cohort(HOSTILE).page() == Cohort(HOSTILE).page()


def test_an_empty_cohort_has_a_page():
    """Nobody has submitted anything: the page says so."""
    text = Page(dashboard.render(index_of([]), {}, {}, {})).one_text()
    assert "No submission has a score." in text
    assert "0 submissions" in text


def test_what_others_wrote_is_only_text():
    """Hostile names, messages, notes and findings make the same elements as harmless ones."""
    harmless, hostile = (Page(Cohort(text).page()) for text in ("x", HOSTILE))
    assert [e["tag"] for e in hostile.elements] == [e["tag"] for e in harmless.elements]
    assert "</script><script>alert(1)</script>" in hostile.table("Students")[0][0]
    names = {name for e in hostile.elements for name in e["attrs"]}
    assert not {name for name in names if name.startswith("on") or name in ("style", "src")}


def test_nothing_is_loaded_and_nothing_else_runs(source):
    """No address outside, no control character; only the page's own style and script may run."""
    page = Page(source)
    assert "http" not in source.replace("http-equiv", "")
    assert "url(" not in source
    assert NOT_TEXT.findall(source) == []
    (policy,) = [e for e in page.all("meta") if "http-equiv" in e["attrs"]]
    rules = dict(rule.split(maxsplit=1) for rule in policy["attrs"]["content"].split("; "))
    assert rules["default-src"] == "'none'"
    for tag in ("style", "script"):
        (only,) = page.all(tag)
        digest = base64.b64encode(hashlib.sha256(only["text"].encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"


def test_page_can_be_read_aloud(source):
    """Headings in order, captions and scopes on every table, ids that exist once."""
    page = Page(source)
    levels = [int(e["tag"][1]) for e in page.all("h1", "h2", "h3")]
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    for table in page.all("table"):
        assert page.all("caption", inside=table)[0]["text"].strip()
        heads = page.all("th", inside=table)
        assert {e["attrs"].get("scope") for e in heads} <= {"col", "row"}
        assert len({len(page.all("th", "td", inside=r)) for r in page.all("tr", inside=table)}) == 1
    ids = [e["attrs"]["id"] for e in page.elements if "id" in e["attrs"]]
    assert len(ids) == len(set(ids))
    named = [e["attrs"].get("aria-labelledby", "") for e in page.elements]
    assert {word for names in named for word in names.split()} <= set(ids)
    for field in page.all("input", "select"):
        assert any(e["tag"] == "label" for e in field["within"])


# A real browser


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where the page of a hostile cohort lies, beside a report of one student."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "html").mkdir()
    (folder / "html" / "ada.html").write_text("<title>the report of ada</title>", encoding="utf-8")
    (folder / "index.html").write_text(Cohort(HOSTILE).page(), encoding="utf-8")
    (folder / "thousand.html").write_text(Cohort(more=1000).page(), encoding="utf-8")
    return folder.as_uri()


SEEN = """
return [...document.querySelectorAll("#roll tbody tr")].filter((row) => !row.hidden)
  .map((row) => row.cells[1].textContent);
"""
PAINTED = """
return [...document.querySelectorAll("#heat .students")].map((strip) => {
  const width = [...strip.querySelectorAll("path")].map((p) => p.getBBox());
  return [strip.getAttribute("viewBox"), width.length];
});
"""


def find(browser, text: str) -> None:
    """Type a text into the filter."""
    field = browser.find_element("css selector", "input[type=search]")
    field.clear()
    field.send_keys(text)


def head(browser, number: int):
    """Return the button in a head of the table of students."""
    return browser.find_element("css selector", f"#roll thead th:nth-child({number}) button")


def test_browser_opens_without_complaints(browser, address):
    """No error, no refused style or script, nothing loaded; hostile names have not run."""
    open_page(browser, f"{address}/index.html")
    assert browser.get_log("browser") == []
    assert browser.find_elements("css selector", "img") == []
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    name = browser.find_element("css selector", "#roll tbody th").text
    assert name.startswith("Ada</script><script>alert(1)</script>")


def test_browser_sorts_students(browser, address):
    """By score up, down and as it was; who has no score comes last both ways. By name, too."""
    open_page(browser, f"{address}/index.html")
    before = browser.execute_script(SEEN)
    head(browser, 4).click()
    up = browser.execute_script(SEEN)
    assert up[5:7] == ["ada", "o-unreadable"]
    head(browser, 4).click()
    down = browser.execute_script(SEEN)
    assert down[:2] == ["ada", "bob"]
    assert down[-2:] == up[-2:] == ["o-unreadable", "o-infrastructure"]
    head(browser, 4).click()
    assert browser.execute_script(SEEN) == before
    head(browser, 2).send_keys("\ue007")
    assert browser.execute_script(SEEN) == sorted(before)
    assert browser.find_element("id", "found").text == "Sorted by id, ascending."


def test_browser_filters_students(browser, address):
    """By text, by outcome and by findings, together; a live region counts."""
    open_page(browser, f"{address}/index.html")
    find(browser, "BOB")
    assert browser.execute_script(SEEN) == ["bob"]
    assert browser.find_element("id", "found").text == "Showing 1 of 8 students."
    find(browser, "nobody at all")
    assert browser.find_element("id", "found").text == "No student fits."
    find(browser, " ")
    browser.find_element("css selector", "option[value=timeout]").click()
    assert browser.execute_script(SEEN) == ["o-timeout"]
    browser.find_element("css selector", "select option").click()
    browser.find_element("css selector", "input[name=flagged]").click()
    assert browser.execute_script(SEEN) == ["o-policy"]


def test_browser_draws_the_heat_map_in_the_order_of_the_table(browser, address):
    """The strips stand for the students that can be seen, and the row under the pointer is told."""
    open_page(browser, f"{address}/index.html")
    assert browser.execute_script(PAINTED)[1][0] == "0 0 8 1"
    find(browser, "bob")
    assert browser.execute_script(PAINTED) == [["0 0 1 1", 1]] * 3
    from selenium.webdriver import ActionChains

    strip = browser.find_elements("css selector", "#heat .students")[1]
    ActionChains(browser).scroll_to_element(strip).move_to_element(strip).perform()
    assert browser.find_element("id", "pointed").text == "ex1.dcounts: name bob, failed"


def test_browser_sorts_tasks(browser, address):
    """The line that defeats the class comes first when the share of the passed is sorted."""
    open_page(browser, f"{address}/index.html")
    browser.find_element("css selector", "#heat thead th:nth-child(2) button").click()
    names = [e.text for e in browser.find_elements("css selector", "#heat tbody th")]
    assert names == ["ex1.dh", "ex1.dcounts", "ex1.dprobs"]


def test_browser_opens_a_report(browser, address):
    """A click on a name leads to the student's report."""
    open_page(browser, f"{address}/index.html")
    browser.find_element("css selector", "#roll tbody a").click()
    assert browser.title == "the report of ada"


def test_browser_shows_a_thousand_students(browser, address):
    """A thousand students are there, can be sorted and filtered, and few elements paint cells."""
    open_page(browser, f"{address}/thousand.html")
    assert browser.get_log("browser") == []
    assert len(browser.execute_script(SEEN)) == 1008
    head(browser, 4).click()
    shown = browser.execute_script(SEEN)
    assert len(shown) == 1008
    assert shown[0] == "s0000"
    find(browser, "student 99")
    assert len(browser.execute_script(SEEN)) == sum("99" in f"{n:04d}" for n in range(1000))
    painted = browser.execute_script(PAINTED)
    assert sum(count for _, count in painted) <= 6 * len(TASKS)


@pytest.mark.parametrize("width", [320, 375, 768])
def test_browser_never_scrolls_the_page_sideways(browser, address, width):
    """On a phone only the tables scroll, in their own boxes."""
    open_page(browser, f"{address}/index.html", width=width)
    assert browser.execute_script("return document.documentElement.scrollWidth") == width


def test_browser_keeps_the_table_a_table(browser, address):
    """Laid out in another way, it still has rows, heads and cells for those who listen."""
    open_page(browser, f"{address}/index.html")
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = Counter(node["role"]["value"] for node in nodes if "role" in node)
    assert (
        roles["table"] == len(browser.find_elements("css selector", "table")) - 1
    )  # one is folded
    assert roles["rowheader"] >= 8
    assert roles["columnheader"] >= 10
    assert roles["cell"] >= 8 * 9


def test_browser_without_script(browser, address):
    """Without script nothing is missing but the controls."""
    open_page(browser, f"{address}/index.html", script=False)
    try:
        assert browser.find_element("id", "filters").get_attribute("hidden") is not None
        assert browser.find_elements("css selector", "th button") == []
        assert len(browser.find_elements("css selector", "#roll tbody tr")) == 8
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_browser_prints_every_student(browser, address):
    """In print every row is laid out, and the filters are left out."""
    open_page(browser, f"{address}/thousand.html", media="print", scheme="dark")
    assert not browser.find_element("id", "filters").is_displayed()
    heights = "return [...document.querySelectorAll('#roll tbody tr')].map(r => r.offsetHeight)"
    assert min(browser.execute_script(heights)) > 0
    ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
