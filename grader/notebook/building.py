"""Build the exercise notebook from the course and from the files of an exercise.

The files are the generated stubs; given the solutions instead, the same function makes the solved
notebook. Cells are named after what they are for, so that a change of one task changes its cells
and no others.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.course import catalogue, forward
from grader.course.catalogue import Exercise, Task
from grader.course.network import PARAMETERS, Sizes

WELCOME = """\
# Backprop Ninja

You delete `loss.backward()` and write what it did: every gradient of a small network, by hand.

Replace each `raise NotImplementedError` by your own code, without autograd. A function gets what it
asks for by name: change its parameters if you want other tensors. The cell below it checks it and
says why a gradient is wrong. `%hint` shows a hint, and the next one every time; `%progress` shows
how far you are.

You may also write as in the lecture, without functions: `dlogprobs = ...` at the top level of a
cell. Then `check("dlogprobs")` compares the tensor with autograd's gradient."""

SETUP_TEXT = """\
## Setup

On your own machine, choose the kernel in which the course is installed, the `.venv` of its folder.
In Colab, first upload the course's folder as a ZIP file (the folder symbol at the left): the next
cell unpacks and installs it there. Elsewhere it does nothing and needs no network."""

INSTALL = """\
try:
    from grader.notebook import check, lecture_batch
except ModuleNotFoundError:  # in Colab, before the course is installed
    !unzip -qo '*.zip'
    folders = !find . -maxdepth 2 -name pyproject.toml -printf '%h\\n'
    %cd {folders[0]}
    %pip install --quiet --editable .
    from grader.notebook import check, lecture_batch

%load_ext grader.notebook"""

DATA_TEXT = """\
## Data

One minibatch of names and the parameters of the network, the same that the checks use. `Xb` holds
contexts of characters, `Yb` the character that follows each."""

FORWARD_TEXT = """\
## The forward pass

Every line is a function simple enough to be differentiated by hand. The backward pass goes through
these lines from the last to the first."""

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def notebook(files: Mapping[str, str]) -> str:
    """Return the text of the notebook file.

    files: the source of every exercise, by file name. Raises SyntaxError for one that does not
    parse.
    """
    trees = {name: ast.parse(text, name) for name, text in files.items()}
    told = prose()
    cells = [
        *(new_markdown_cell(told[own], id=own) for own in ("welcome", "setup-text")),
        new_code_cell(INSTALL, id="setup"),
        new_code_cell(_imports(trees), id="imports"),
        new_markdown_cell(told["data-text"], id="data-text"),
        new_code_cell(_data(), id="data"),
        new_markdown_cell(told["forward-text"], id="forward-text"),
        new_code_cell(_forward(), id="forward"),
    ]
    for exercise in catalogue.course().exercises:
        cells.append(new_markdown_cell(told[exercise.key], id=exercise.key))
        codes = _codes(files[exercise.file], trees[exercise.file], exercise)
        for task in catalogue.course().of_exercise(exercise.key):
            own = cell_id(task)
            cells.append(new_markdown_cell(told[f"{own}-text"], id=f"{own}-text"))
            cells.append(new_code_cell(codes[task.name], id=own))
            cells.append(new_code_cell(f'check("{task.label}")', id=f"{own}-check"))
    return written(new_notebook(cells=cells, metadata=METADATA))


def written(made: nbformat.NotebookNode) -> str:
    """Return the text of a notebook's file. Raises ValidationError for one that is not valid."""
    nbformat.validate(made)
    return f"{nbformat.writes(made, version=4).rstrip()}\n"


def cell_id(task: Task) -> str:
    """Return the id of the cell with a task's code."""
    return f"{task.exercise.key}-{task.name}"


def prose() -> dict[str, str]:
    """Return the texts between the code, by the ids of their cells."""
    course = catalogue.course()
    return {
        "welcome": WELCOME,
        "setup-text": SETUP_TEXT,
        "data-text": DATA_TEXT,
        "forward-text": FORWARD_TEXT,
        **{exercise.key: _title(exercise) for exercise in course.exercises},
        **{f"{cell_id(task)}-text": _text(task) for task in course.tasks},
    }


def _imports(trees: Mapping[str, ast.Module]) -> str:
    """Return one cell with all that any of the files imports, a module once."""
    names: dict[str, set[str]] = {}
    for node in (node for tree in trees.values() for node in tree.body):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            module, _, imported = ast.unparse(node).partition(" import ")
            names.setdefault(module, set()).update(imported.split(", ") if imported else ())
    lines = sorted(
        f"{module} import {', '.join(sorted(imported))}" if imported else module
        for module, imported in names.items()
    )
    plain = [line for line in lines if "torch" not in line]
    torch = sorted((line for line in lines if "torch" in line), key=lambda line: line[0] != "i")
    return "\n".join([*plain, "", *torch])


def _data() -> str:
    names = ["Xb", "Yb", *PARAMETERS]
    shapes = _shapes()
    lines = [f"{', '.join(names)} = lecture_batch()", ""]
    lines += ["n, block_size = Xb.shape", "vocab, n_embd = C.shape", "hidden = W1.shape[1]", ""]
    lines += [f"#   {name:6} {shapes[name]}" for name in names]
    return "\n".join(lines)


def _forward() -> str:
    shapes = _shapes()
    return "\n".join(
        f"{line.text}  # {shapes[line.makes]}" for line in forward.spec(forward.BASE).lines.values()
    )


def _shapes() -> dict[str, str]:
    """Return the shape in words of every tensor of the network."""
    from grader import cases

    sizes = Sizes()
    tensors = cases.draw(forward.BASE, 0, "shapes").tensors
    return {name: sizes.symbols(tuple(value.shape)) for name, value in tensors.items()}


def _title(exercise: Exercise) -> str:
    tasks = catalogue.course().of_exercise(exercise.key)
    points = sum(task.points for task in tasks)
    kind = "Bonus exercise" if exercise.bonus else "Exercise"
    number = exercise.key.removeprefix("ex")
    return f"## {kind} {number}: {exercise.title}\n\n{points:g} points."


def _text(task: Task) -> str:
    """Return what is said about a task: its formula, the lines that read the tensor, a hint."""
    parts = [f"### {task.name}"]
    if forward.tensor_of(task) is not None:
        parts += [_latex(task), "```python", _lines(task), "```", ""]
        parts = ["\n\n".join(parts[:2]), "\n".join(parts[2:]).rstrip()]
    parts.append(task.hints[0])
    return "\n\n".join(parts)


def _lines(task: Task) -> str:
    return "\n".join(line.text for line in forward.readers(task))


def _latex(task: Task) -> str:
    """Return the chain rule for a task's tensor: one term for each line that reads it."""
    tensor = _roman(str(forward.tensor_of(task)))
    terms = []
    for line in forward.readers(task):
        made = r"\mathrm{loss}" if line.is_root else _roman(line.makes)
        local = rf"\frac{{\partial\, {made}}}{{\partial\, {tensor}}}"
        upstream = rf"\frac{{\partial\, \mathrm{{loss}}}}{{\partial\, {made}}}\,"
        terms.append(local if line.is_root else upstream + local)
    left = rf"\frac{{\partial\, \mathrm{{loss}}}}{{\partial\, {tensor}}}"
    if len(terms) == 1 and terms[0] == left:
        return f"$${left}$$"
    return f"$${left} = {' + '.join(terms)}$$"


def _roman(name: str) -> str:
    escaped = name.replace("_", r"\_")
    return rf"\mathrm{{{escaped}}}"


def _codes(text: str, tree: ast.Module, exercise: Exercise) -> dict[str, str]:
    """Return the code of every task, each with what stands before it in the file: helpers and
    comments, but neither the docstring nor imports, which have a cell of their own.
    """
    tasks = [task.name for task in catalogue.course().of_exercise(exercise.key)]
    lines = text.split("\n")
    for node in (node for node in tree.body if _is_preamble(node)):
        lines[node.lineno - 1 : node.end_lineno] = [""] * ((node.end_lineno or 0) - node.lineno + 1)
    ends = {
        node.name: node.end_lineno or 0
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name in tasks
    }
    found = {name: f"# {exercise.file} has no function {name}" for name in tasks}
    start = 0
    for name, end in sorted(ends.items(), key=lambda item: item[1]):
        found[name] = "\n".join(lines[start:end]).strip("\n")
        start = end
    rest = "\n".join(lines[start:]).strip("\n")
    if rest:
        last = max(ends, key=lambda name: ends[name], default=tasks[-1])
        found[last] = f"{found[last]}\n\n\n{rest}"
    return found


def _is_preamble(node: ast.stmt) -> bool:
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return docstring or isinstance(node, (ast.Import, ast.ImportFrom))
