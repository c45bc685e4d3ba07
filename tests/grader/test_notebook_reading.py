"""Notebook files as plain data, and the percent format there and back."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import UnreadableSubmission
from grader.notebook import reading
from grader.notebook.cells import Cell
from grader.notebook.reading import from_percent, locate, read, to_source
from grader.options import ROOT


def notebook(*cells: object, **more: object) -> bytes:
    plain = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}
    return json.dumps(plain).encode()


def code(source: object, **more: object) -> dict[str, object]:
    return {"cell_type": "code", "metadata": {}, "outputs": [], "source": source, **more}


def commented(source: str) -> str:
    return to_source([Cell(1, "code", source)]).split("\n", 1)[1].removesuffix("\n")


# Reading


def test_cells_are_read_with_kind_number_and_id():
    """Code, prose and raw cells come in order; sources may be texts or lists of lines."""
    prose = {"cell_type": "markdown", "metadata": {}, "source": ["# Title\n", "text"]}
    raw = {"cell_type": "raw", "source": "raw"}
    found = read(notebook(prose, code(["a = 1\n", "b = 2"], id="ab"), raw), "x.ipynb")
    expected = [
        Cell(1, "markdown", "# Title\ntext"),
        Cell(2, "code", "a = 1\nb = 2", "ab"),
        Cell(3, "raw", "raw"),
    ]
    assert expected == found


def test_a_byte_order_mark_and_windows_line_ends_are_no_obstacle():
    """Editors leave both behind."""
    data = b"\xef\xbb\xbf" + notebook(code("a = 1\r\nb = 2\rc = 3"))
    assert read(data, "x")[0].source == "a = 1\nb = 2\nc = 3"


def test_format_3_is_read():
    """Worksheets, `input` and headings of old notebooks become cells."""
    sheet = {
        "cells": [{"cell_type": "heading", "level": 2, "source": "T"}, {**code(""), "input": "a"}]
    }
    found = read(json.dumps({"nbformat": 3, "worksheets": [sheet]}).encode(), "x")
    assert [Cell(1, "markdown", "## T"), Cell(2, "code", "a")] == found


def test_the_first_of_two_equal_ids_keeps_it():
    """An id that cannot be one, or that is taken, is no id."""
    found = read(notebook(code("a", id="x"), code("b", id="x"), code("c", id="no spaces")), "x")
    assert [cell.id for cell in found] == ["x", None, None]


def test_what_cannot_stand_in_a_source_is_replaced():
    """A NUL byte or half a surrogate pair in one cell is no reason to refuse the others."""
    found = read(notebook(code("a\0b\ud83d"), code("c")), "x")
    assert [cell.source for cell in found] == ["a\ufffdb\ufffd", "c"]


@pytest.mark.parametrize(
    "outputs",
    [
        [{"data": {"text/html": "<script>alert(1)</script>", "image/png": "A" * (20 << 20)}}],
        [{"text": [']}"\\[{'] * 1000, "outputs": [1, {"a": []}]}],
        {"not": ["a list"]},
        [{"n": 10**30, "x": "\ud800"}],
    ],
)
def test_outputs_are_never_looked_at(outputs):
    """However large, nested or odd outputs and metadata are, the cells are the same."""
    told = code("a = 1", id="a", outputs=outputs, metadata={"source": "b", "x": outputs})
    found = read(notebook(told, code("b = 2"), metadata={"widgets": outputs}), "x")
    assert [Cell(1, "code", "a = 1", "a"), Cell(2, "code", "b = 2")] == found


def test_bytes_of_outputs_need_not_be_text():
    """A broken character in an output does not cost the notebook."""
    data = notebook(code("a", outputs=[{"text": "here"}])).replace(b"here", b"\xff\xfe")
    assert [Cell(1, "code", "a")] == read(data, "x")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "does not start as JSON does"),
        (b"\x89PNG\r\n", "does not start as JSON does"),
        (b"{}", "no 'nbformat'"),
        (notebook(code("a"), nbformat="4"), "no 'nbformat'"),
        (notebook(code("a"), nbformat=True), "no 'nbformat'"),
        (b'{"nbformat": ' + b"9" * 5000 + b', "cells": []}', "no 'nbformat'"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"nbformat": 3, "worksheets": [1]}', "a worksheet is not an object"),
        (notebook(), "no code in any cell"),
        (notebook(code(" \n")), "no code in any cell"),
        (notebook(code("a"), 7), "cell 2 is not an object"),
        (notebook(code("a"), code(7)), "source of cell 2 is not a text"),
        (notebook(code(["a", 7])), "source of cell 1 is not a text"),
        (notebook(code("a" * 40))[:-30], "ends"),
        (notebook(code("a"))[:-1], "ends before it is complete"),
        (notebook(code("a")) + b"]", "Extra data"),
        (b'{"nbformat": 4, "cells": [{"source": "a", "source": "b"}]}', "'source' twice"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "holds too much"),
        (b'{"nbformat": 4, "cells": [' + b"{}," * 10_001 + b"{}]}", "more than 10000 cells"),
        (b'{"nbformat": 4, "cells": [{"source": "\xff"}]}', "not UTF-8"),
        (notebook(code("a"), code("b" * (1 << 20))), "cell 2 is the largest"),
        (notebook(code("a"), {"cell_type": "markdown", "source": "x" * (17 << 20)}), "16 MiB"),
    ],
)
def test_what_is_no_notebook_is_refused_with_a_reason(data, told):
    """The message names the file and what is wrong with it."""
    with pytest.raises(UnreadableSubmission) as refused:
        read(data, "ada.ipynb")
    assert told in str(refused.value)
    assert str(refused.value).startswith("ada.ipynb: ")


def test_a_bomb_is_refused_before_it_goes_off(monkeypatch):
    """Millions of brackets in an output are counted, not built."""
    monkeypatch.setattr(reading, "MAX_TOKENS", 1000)
    with pytest.raises(UnreadableSubmission, match="holds too much"):
        read(notebook(code("a", outputs=[[]] * 1000)), "x")


def test_a_file_that_is_too_large_is_refused_unread(monkeypatch):
    """The limit on bytes comes first."""
    monkeypatch.setattr(reading, "MAX_BYTES", 10)
    with pytest.raises(UnreadableSubmission, match="larger than"):
        read(notebook(code("a")), "x")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 200))
def test_damage_is_refused_or_read_but_never_crashes(junk, at):
    """Any bytes anywhere give cells or an UnreadableSubmission."""
    data = notebook(code("a = 1", outputs=[{"a": [1]}]), {"cell_type": "markdown", "source": "b"})
    try:
        found = read(data[:at] + junk + data[at + len(junk) // 2 :], "x")
    except UnreadableSubmission:
        return
    assert all(isinstance(cell.source, str) for cell in found)


# Magics


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("%matplotlib inline\nx = 1", "# %matplotlib inline\nx = 1"),
        ("!pip install torch", "# !pip install torch"),
        ("pip install torch", "# pip install torch"),
        ("?torch.tanh", "# ?torch.tanh"),
        ("torch.tanh??", "# torch.tanh??"),
        ("%%time\nx = 1", "# %%time\nx = 1"),
        ("%%bash\nls\n\necho", "# %%bash\n# ls\n#\n# echo"),
        ("\n%%html\n<b>", "\n# %%html\n# <b>"),
        ("files = !ls", "files = None  # !ls"),
        ("t = %timeit -o f()", "t = None  # %timeit -o f()"),
        ("if x:\n    %time f()\n    !ls", "if x:\n    pass  # %time f()\n    pass  # !ls"),
        ("!pip install \\\n  torch\nx = 1", "# !pip install \\\n#       torch\nx = 1"),
        ("y = (x\n% 3)", "y = (x\n% 3)"),
        ("y = x \\\n% 3", "y = x \\\n% 3"),
        ('s = """\n!ls\n%time\n"""', 's = """\n!ls\n%time\n"""'),
        ("s = '(' # [\n!ls", "s = '(' # [\n# !ls"),
        ("s = 'it\\'s ('\n!ls", "s = 'it\\'s ('\n# !ls"),
        ("x = 7 % 3\nx != 2", "x = 7 % 3\nx != 2"),
        ("x = y == 3", "x = y == 3"),
        ("# %% a cell\nx", "# # %% a cell\nx"),
        ("# !ls", "# # !ls"),
    ],
)
def test_what_only_ipython_understands_becomes_a_comment(source, expected):
    """Magics, shell and help lines go; operators, strings and continued lines stay."""
    assert expected == commented(source)


@pytest.mark.parametrize("path", sorted((ROOT / "solutions").glob("*.py")), ids=lambda p: p.name)
def test_plain_python_stays_what_it_is(path: Path):
    """Commenting changes no statement of a file without magics."""
    text = path.read_text(encoding="utf-8")
    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(commented(text)))


# The percent format

WORDS = "% %% %%bash %%time ! ? x x? ( ) [ \\ ' \" ''' \"\"\" # = [markdown] é \x0c \u2028".split(
    " "
)
BLANKS = ["\n", "\n", "\n", "# ", "  ", "    ", "pass  # ", "None  # ", " = ", "# %%", " foo"]
PIECES = st.sampled_from([*WORDS, *BLANKS, "pip install a", "cell 7"])
SOURCES = st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=20).map(
    lambda text: text.replace("\r", "")
)
IDS = st.none() | st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True)
CELLS = st.lists(
    st.tuples(st.sampled_from(["code", "markdown", "raw"]), SOURCES, IDS), max_size=4
).map(lambda told: [Cell(number, *cell) for number, cell in enumerate(told, 1)])


@settings(max_examples=400, deadline=None)
@given(CELLS)
def test_cells_survive_the_way_there_and_back(cells):
    """Kinds, sources and ids are the same after writing and reading the percent format."""
    assert cells == from_percent(to_source(cells))


@settings(max_examples=150, deadline=None)
@given(CELLS, st.booleans())
def test_every_line_of_code_is_found_again(cells, prose):
    """A line of the text is located in its own cell, whatever stands in the other ones."""
    text = to_source(cells, prose=prose)
    line = 0
    for cell in (cell for cell in cells if prose or cell.kind == "code"):
        for own in range(1, cell.source.count("\n") + 2):
            if cell.kind == "code":
                assert (cell.number, own) == locate(text, line + 1 + own)
        line += cell.source.count("\n") + 3


def test_the_format_is_what_editors_read():
    """Headers, prose as comments, code with its magics commented: the text, to the letter."""
    cells = [
        Cell(1, "markdown", "# Title\n\ntext", "title"),
        Cell(2, "code", "%load_ext grader.notebook\nx = 1", "setup"),
        Cell(3, "raw", "raw"),
        Cell(4, "code", "y = x"),
    ]
    expected = """\
# %% [markdown] id="title"
# # Title
#
# text

# %% cell 2 id="setup"
# %load_ext grader.notebook
x = 1

# %% [raw]
# raw

# %% cell 4
y = x
"""
    assert expected == to_source(cells)


def test_files_that_other_programs_wrote_are_read():
    """A title, `#%%`, prose without a blank after the sign, no blank line between cells."""
    text = "import torch\n# %% Title\nx = 1\n#%%\ny = 2\n# %% [md]\n#prose\n"
    expected = [
        Cell(1, "code", "import torch"),
        Cell(2, "code", "x = 1"),
        Cell(3, "code", "y = 2"),
        Cell(4, "markdown", "prose"),
    ]
    assert expected == from_percent(text)
