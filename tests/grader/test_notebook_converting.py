"""`grader convert`: between notebooks and plain files, without losing work."""

from __future__ import annotations

import json

import nbformat
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from grader.cli import main
from grader.notebook import building, reading
from grader.options import ROOT


@pytest.fixture
def solved(tmp_path):
    """The exercise notebook with the solutions in it."""
    files = {path.name: path.read_text() for path in (ROOT / "solutions").glob("*.py")}
    path = tmp_path / "solved.ipynb"
    path.write_text(building.notebook(files), encoding="utf-8")
    return path


@pytest.fixture
def own(tmp_path):
    """A student's own notebook: magics, prose, an attachment, an output, tags."""
    picture = new_markdown_cell("![](attachment:a.png)", id="picture")
    picture.attachments = {"a.png": {"image/png": "AAAA"}}
    ran = new_code_cell("1 + 1", id="ran", execution_count=7)
    ran.outputs = [new_output("execute_result", {"text/plain": "2"}, execution_count=7)]
    tagged = new_code_cell("%%bash\nls", id="tagged", metadata={"tags": ["mine"]})
    made = new_notebook(cells=[picture, ran, tagged], metadata={"authors": ["x"]})
    path = tmp_path / "own.ipynb"
    path.write_text(nbformat.writes(made), encoding="utf-8")
    return path


def convert(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(main, ["convert", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.output


def cells_of(path):
    return reading.read(path.read_bytes(), path.name)


def test_a_notebook_goes_to_a_file_and_back(solved, tmp_path):
    """A new notebook of the file is the old one, to the byte."""
    file, again = tmp_path / "a.py", tmp_path / "again.ipynb"
    assert convert(solved, file) == f"{file}: written\n"
    compile(file.read_text(), "a.py", "exec")
    convert(file, again)
    assert again.read_bytes() == solved.read_bytes()


def test_back_onto_the_same_notebook_nothing_is_lost(own, tmp_path):
    """Attachments, tags and metadata stay; outputs stay where the source is the same."""
    before = nbformat.read(own, as_version=4)
    file = tmp_path / "own.py"
    convert(own, file)
    convert(file, own, "--force")
    assert nbformat.read(own, as_version=4) == before
    file.write_text(file.read_text().replace("1 + 1", "1 + 2"))
    convert(file, own, "--force")
    after = nbformat.read(own, as_version=4)
    assert [cell.id for cell in after.cells] == ["picture", "ran", "tagged"]
    assert after.cells[0].attachments == before.cells[0].attachments
    assert after.cells[1].outputs == []
    assert after.cells[2] == before.cells[2]
    assert after.metadata == before.metadata


def test_cells_without_ids_keep_their_place_and_get_one(own, tmp_path):
    """A notebook from before there were ids goes there and back, too."""
    plain = json.loads(own.read_text())
    for cell in plain["cells"]:
        del cell["id"]
    own.write_text(json.dumps({**plain, "nbformat_minor": 4}))
    sources = [cell.source for cell in cells_of(own)]
    file = tmp_path / "own.py"
    convert(own, file)
    convert(file, own, "--force")
    after = nbformat.read(own, as_version=4)
    assert [cell.source for cell in after.cells] == sources
    assert len({cell.id for cell in after.cells}) == 3
    assert after.cells[2].metadata == {"tags": ["mine"]}
    nbformat.validate(after)


def test_a_file_becomes_a_notebook_with_new_cells(tmp_path):
    """New cells get ids that are not taken; the notebook is valid."""
    file, made = tmp_path / "a.py", tmp_path / "a.ipynb"
    file.write_text(
        '# %% id="cell-2"\nx = 1\n\n# %%\ny = 2\n\n# %% [markdown] id="cell-2"\n# text\n'
    )
    convert(file, made)
    found = [(cell.kind, cell.source, cell.id) for cell in cells_of(made)]
    assert found == [
        ("code", "x = 1", "cell-2"),
        ("code", "y = 2", "cell-2-2"),
        ("markdown", "text", "cell-3"),
    ]


def test_exercises_become_a_notebook_and_files_again(solved, tmp_path):
    """Functions, helpers and comments of the folder are in the cells, and back in the files."""
    folder, again = tmp_path / "files", tmp_path / "again.ipynb"
    convert(solved, folder)
    for path in (ROOT / "solutions").glob("*.py"):
        text = (folder / path.name).read_text()
        compile(text, path.name, "exec")
        assert "check(" not in text
    convert(folder, again)
    assert again.read_bytes() == solved.read_bytes()
    assert "def logits_of(" in (folder / "ex4_training.py").read_text()


def test_what_a_student_added_goes_along(solved, tmp_path):
    """Cells, prose and edited texts between the tasks are kept, as code and as comments."""
    made = nbformat.read(solved, as_version=4)
    at = next(n for n, cell in enumerate(made.cells) if cell.id == "ex3-dhprebn")
    made.cells[at - 1].source += "\nmy own remark"
    made.cells[at:at] = [
        new_code_cell("%matplotlib inline\nhelper = 1", id="mine"),
        new_markdown_cell("my note", id="note"),
    ]
    nbformat.write(made, solved)
    convert(solved, tmp_path / "files")
    text = (tmp_path / "files" / "ex3_batchnorm.py").read_text()
    for kept in ("# my own remark", "# %matplotlib inline\nhelper = 1", "# my note"):
        assert kept in text


def test_comments_between_functions_and_after_the_last_are_kept(tmp_path):
    """A folder's files lose nothing on the way into a notebook."""
    folder, made = tmp_path / "files", tmp_path / "made.ipynb"
    folder.mkdir()
    for path in (ROOT / "exercises").glob("*.py"):
        text = path.read_text()
        if path.name == "ex2_cross_entropy.py":
            text = (
                text.replace("def dlogits", "# before\nhelper = 1\n\n\ndef dlogits") + "# after\n"
            )
        (folder / path.name).write_text(text)
    convert(folder, made)
    cell = next(cell for cell in cells_of(made) if cell.id == "ex2-dlogits")
    assert cell.source.startswith("# before\nhelper = 1\n\n\ndef dlogits")
    assert cell.source.endswith("# after")


def test_a_deleted_function_leaves_a_note(tmp_path):
    """A folder that lacks a function still becomes a notebook."""
    folder, made = tmp_path / "files", tmp_path / "made.ipynb"
    folder.mkdir()
    for path in (ROOT / "exercises").glob("*.py"):
        text = "" if path.name == "ex3_batchnorm.py" else path.read_text()
        (folder / path.name).write_text(text)
    convert(folder, made)
    cell = next(cell for cell in cells_of(made) if cell.id == "ex3-dhprebn")
    assert cell.source == "# ex3_batchnorm.py has no function dhprebn"


def test_nothing_is_overwritten_unasked(own, tmp_path):
    """A file, a notebook or one file of a folder that is there stops the whole command."""
    file = tmp_path / "own.py"
    file.write_text("mine")
    assert "--force" in convert(own, file, code=2)
    assert file.read_text() == "mine"
    convert(own, file, "--force")
    before = own.read_bytes()
    assert "is there already" in convert(file, own, code=2)
    assert own.read_bytes() == before


def test_one_file_in_the_way_stops_a_folder(solved, tmp_path):
    """Either all files are written or none."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "ex5_leaky_abstraction.py").write_text("mine")
    convert(solved, folder, code=2)
    assert [path.name for path in folder.iterdir()] == ["ex5_leaky_abstraction.py"]


def test_what_cannot_be_converted_says_why(own, solved, tmp_path):
    """Exit code 3 for what cannot be read, 2 for what was not understood."""
    (tmp_path / "bad.ipynb").write_text("no")
    (tmp_path / "bad.py").write_bytes(b"\xff")
    (tmp_path / "empty").mkdir()
    target = tmp_path / "t.ipynb"
    assert "is not a notebook" in convert(tmp_path / "bad.ipynb", tmp_path / "b.py", code=3)
    assert "not UTF-8" in convert(tmp_path / "bad.py", target, code=3)
    assert "No such file" in convert(tmp_path / "none.py", target, code=3)
    assert "there is no ex1_backward.py" in convert(tmp_path / "empty", target, code=3)
    assert "one .py file" in convert(own, tmp_path / "folder", code=3)
    assert "has to be a notebook" in convert(tmp_path / "bad.py", tmp_path / "b.py", code=2)
    assert "no folder" in convert(own, tmp_path / "nowhere" / "b.py", code=2)
    assert not target.exists()


def test_an_exercise_that_does_not_parse_is_named_with_its_line(tmp_path):
    """There is no notebook to be made of it."""
    for path in (ROOT / "exercises").glob("*.py"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "ex2_cross_entropy.py").write_text("x = 1\ndef (:\n")
    told = convert(tmp_path, tmp_path / "made.ipynb", code=3)
    assert "ex2_cross_entropy.py, line 2" in told


@pytest.mark.parametrize("damaged", ["not a notebook", "{}", "[]", '{"nbformat": 4, "cells": 3}'])
def test_a_damaged_target_is_not_merged_with(tmp_path, damaged):
    """Going back onto a file that is no notebook says so, even with --force."""
    file, target = tmp_path / "a.py", tmp_path / "a.ipynb"
    file.write_text("x = 1")
    target.write_text(damaged)
    assert "to go back onto" in convert(file, target, "--force", code=3)
    assert target.read_text() == damaged
