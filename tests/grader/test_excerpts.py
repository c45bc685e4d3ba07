"""What a submission says in a report: bounded, without addresses, and found in bounded work."""

# The expected value comes first in a comparison.
# ruff: noqa: SIM300

from __future__ import annotations

import html as markup
import json
import re
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import excerpts, grade
from grader.assembly import Assembly
from grader.cohort import canonical
from grader.course import catalogue
from grader.deadline import processor_time
from grader.notebook import magics, percent
from grader.options import Options
from grader.places import Places
from grader.render import html, junit, untrusted
from grader.report import for_student
from grader.sandbox.host.zygote import Zygote
from grader.submission import Submission

EVERY = st.characters(codec="utf-8")
HARSH = st.sampled_from("\0\x1b[<&\"'\\\n\u202e\U000e0001é😀 a0x")
TEXTS = st.text(st.one_of(EVERY, HARSH), max_size=200)


# One text, several texts


@given(TEXTS)
def test_a_text_takes_no_more_than_its_cost(text):
    """Neither in JSON nor on a page, whatever has to be escaped or shown by name."""
    on_a_page = markup.escape(html.plain(text)).encode()
    in_json = json.dumps(text, ensure_ascii=False)[1:-1].encode()
    assert max(len(on_a_page), len(in_json)) <= excerpts.cost(text)


@given(TEXTS, st.integers(0, 400))
def test_an_excerpt_is_the_longest_beginning_that_fits(text, most):
    """It says how much is left out, and a text that fits is left alone."""
    shown = excerpts.excerpt(text, most)
    kept, cut, note = shown.rpartition("\n[")
    if excerpts.cost(text) <= most:
        assert text == shown
    else:
        assert text.startswith(kept)
        assert cut
        assert f"{len(text) - len(kept)} more characters are left out here]" == note
        assert excerpts.cost(kept) <= most < excerpts.cost(text[: len(kept) + 1])


@given(st.lists(st.integers(0, 1000), max_size=20), st.integers(0, 5000))
def test_a_level_is_as_high_as_the_total_allows(costs, total):
    """All together stay within the total; one byte more for each would not."""
    level = excerpts.level(costs, total)
    assert sum(min(cost, level) for cost in costs) <= total
    if sum(costs) > total:
        assert sum(min(cost, level + 1) for cost in costs) > total
    elif costs:
        assert max(costs) <= level


@given(st.lists(TEXTS, max_size=8), st.integers(0, 2000))
def test_who_says_little_loses_nothing_to_who_says_much(texts, total):
    """A text of no more than an equal share of the room is whole."""
    shown = excerpts.fitted(texts, total)
    for text, kept in zip(texts, shown, strict=True):
        if excerpts.cost(excerpts.masked(text)) * len(texts) <= total:
            assert excerpts.masked(text) == kept


def test_addresses_are_masked_wherever_a_text_was_cut():
    """A part of an address is as little the same in the next run as all of it."""
    one, other = ("<function f at 0x7f3e5a1b9c40> and <cell at 0x55d0c3a71260>" for _ in range(2))
    other = other.replace("7f3e5a1b9c40", "7fa011223344").replace("55d0c3a71260", "561122334455")
    for end in range(len(one) + 1):
        assert excerpts.masked(one[:end]) == excerpts.masked(other[:end])
    assert "<function f at 0x...> and <cell at 0x...>" == excerpts.masked(one)


def test_notes_are_few_and_short():
    """Thousands of files that are left out are not thousands of lines."""
    told = excerpts.notes(["n" * 5000] * 4000)
    assert excerpts.MOST_NOTES + 1 == len(told)
    assert "and 3970 more notes" == told[-1]
    assert len(told[0]) < 1100


# Places


NOTEBOOK = percent.to_source(
    [percent.Cell(number, "code", f"x = {number}\ny = {number}\n") for number in range(1, 40)]
)
FRAGMENTS = st.sampled_from(
    ["work.ipynb", '"work.ipynb"', ", line ", "line", "9" * 5000, "12", "(", "-", "\n", "\u0663"]
)


@given(st.lists(st.one_of(FRAGMENTS, st.text(max_size=5)), max_size=30).map("".join))
def test_no_message_breaks_the_search_for_places(told):
    """Whatever it says, a text changes where it names a notebook, and grows by little."""
    shown = Places({"work.ipynb": NOTEBOOK.encode(), "other.py": b"x = 1\n"}).text(told)
    assert len(told) <= len(shown) <= len(told) + len(", cell 39") * told.count(", line ")
    if "work.ipynb" not in told:
        assert told == shown


@given(st.integers(1, 155))
def test_a_place_is_the_cell_and_the_line_in_it(line):
    """In every spelling that Python has, and for names that hold another's name."""
    files = {"work.ipynb": NOTEBOOK.encode(), "my work.ipynb": b"# %% cell 7\nx\n"}
    cell, inside = percent.locate(NOTEBOOK, line)
    places = Places(files)
    for before, after in (('File "', '"'), ("(", ""), ("", "")):
        told = places.text(f"{before}work.ipynb{after}, line {line}, in f")
        assert f"{before}work.ipynb{after}, cell {cell}, line {inside}, in f" == told
    assert 'File "my work.ipynb", cell 7, line 1' == places.text('File "my work.ipynb", line 2')
    assert (cell, inside) == places.find("work.ipynb", line)


@pytest.mark.parametrize("line", [10**4000, -1, 10**9])
def test_a_line_that_no_file_has_is_none(line):
    """A worker may say any number, and a report has to hold it."""
    assert (None, None) == Places({"work.py": b""}).find("work.py", line)


PUMPS = [
    "0x", "0xa", " at 0x", ", line 1", "work.ipynb, line 1", "# ", "pass  # ", "None  # ", " ",
    "\t", "?", "%", "%%", "\\", "'", '"""', "(", "= ", "=!", "# %%", "\x1b[", "\x1b[0", "\x1b[ ",
    ";\t", "<", "\0", "9", ".", "a", "_1", "cell 1", 'id="a',
]  # fmt: skip
READERS = {
    "mask": excerpts.masked,
    "excerpt": lambda text: excerpts.excerpt(text, 1000),
    "places": Places({"work.ipynb": NOTEBOOK.encode()}).text,
    "magics": magics.commented,
    "magics back": magics.restored,
    "percent": percent.from_percent,
    "page": html.plain,
    "line": untrusted.one_line,
    "Markdown": untrusted.markdown,
    "spreadsheet": untrusted.spreadsheet,
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_no_pattern_takes_steps_in_the_square_of_a_text(reader):
    """Half a million repetitions of anything: a square of them would take days, and not the
    minutes of processor time after which this is given up.
    """
    with processor_time(300, AssertionError("this takes more than linear work")):
        for pump in PUMPS:
            reader(pump * (500_000 // len(pump)))
            reader("x" + pump * (500_000 // len(pump)) + "\x01")


# Reports


def made(said, printed, hidden=None):
    """Return the report of a submission of which every check of every task says the same.

    hidden: what hidden checks say, if that is something else.
    """
    course = catalogue.course()
    base = dict.fromkeys(("part", "diagnosis", "picture"), None)
    base |= {"status": "error", "line": 1, "note": "", "suspicion": "", "seconds": 0.0}
    records = [
        {
            **base,
            "task": task.full_name,
            "law": f"test_{number}",
            "title": "A check.",
            "visibility": "public" if number < 3 else "hidden",
            "scored": True,
            "message": (said if number < 3 or hidden is None else hidden)[:2000],
            "traceback": (said if number < 3 or hidden is None else hidden)[:8000],
            "verdicts": [],
            "facts": {},
            "curve": {},
        }
        for task in course.tasks
        for number in range(9)
    ]
    exam = SimpleNamespace(
        submission=Submission("work", {"work.ipynb": NOTEBOOK.encode()}, "d" * 64),
        inspection=SimpleNamespace(findings=[], failures=[]),
        outputs={task.full_name: printed[: 1 << 16] for task in course.tasks},
        isolation=SimpleNamespace(level="jail", active=(), missing=()),
        matched={},
    )
    return Assembly(exam, course, course.tasks, records, Options(), "seed").report(1.0)


@pytest.mark.parametrize("unit", ["\0", "<", "\ufffd", "\x1b[", "word ", "work.ipynb, line 7 "])
def test_no_flood_makes_a_report_large(unit):
    """All that can be said and printed at once: less than a megabyte, as JSON and as a page."""
    report = made(unit * 8000, unit * 65536)
    text, page = report.as_json(), html.render(report)
    assert len(text.encode()) < 1_000_000
    assert len(page.encode()) < 1_000_000
    assert len(junit.render(report).encode()) < 2_000_000
    assert "more characters are left out here]" in report.tasks[0].output
    assert "more characters are left out here]" in report.tasks[0].checks[0].traceback


@settings(max_examples=15)
@given(TEXTS, TEXTS)
def test_whatever_is_said_can_be_kept_and_shown(said, printed):
    """No text breaks the report, what reads it back, or a rendering."""
    report = made(said, printed)
    assert report == type(report).model_validate_json(report.as_json())
    assert "</html>" in html.render(report)
    assert junit.render(report).startswith("<?xml")


def test_hidden_checks_do_not_show_in_how_public_ones_are_cut():
    """However much a function says where it sees hidden inputs, the student's view is the same."""
    public = "public " * 1000
    views = [
        for_student(made(public, "", hidden)).as_json() for hidden in ("", "h", "hidden " * 1000)
    ]
    assert views[0] == views[1] == views[2]


TALKATIVE = """
import torch

def db2(dlogits):
    print(object(), [lambda: 0] * 4000, hex(id(dlogits)))
    return dlogits.sum(0)

def dW2(h, dlogits):
    raise ValueError([object() for _ in range(500)])

def dh(dlogits, W2):
    raise ValueError(f"{object()}")

def dbnraw(bngain, dhpreact):
    return iter
"""


def test_the_same_submission_and_seed_give_the_same_report(zygote):
    """Every process has its addresses; a report has none, in prints, messages and tracebacks."""
    submission = Submission("ada", {"work.py": TALKATIVE.encode()}, "d" * 64)
    tasks = ("ex1.db2", "ex1.dW2", "ex1.dh", "ex1.dbnraw")
    reports = []
    with Zygote("best") as another:
        for each in (zygote, another):
            found = grade.grade_one(submission, each, Options(seed="s", tasks=tasks))
            assert not re.findall("0x[0-9a-f]", found.as_json())
            reports.append(canonical.split(found)[0])
    assert reports[0] == reports[1]
    assert "at 0x...>" in reports[0].tasks[1].message + reports[0].tasks[2].message
