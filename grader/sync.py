"""Generate the exercises from the solutions: same files, same signatures, no answers.

A stub's docstring comes from the course, not from the solution: the forward lines that read the
tensor, and the shapes of everything that the stub asks for.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import torch

from grader import cases
from grader.course import catalogue, forward
from grader.course.catalogue import Exercise, Task
from grader.course.network import Sizes
from grader.notebook import building
from grader.options import ROOT

WIDTH = 100
NOTEBOOK = "backprop_ninja.ipynb"


class SolutionError(ValueError):
    """A solution that stubs cannot be made from, and why."""


def stubs(exercise: Exercise, source: str) -> str:
    """Return the file of stubs for an exercise, made from the source of its solutions."""
    tree = ast.parse(source)
    tasks = {task.name: task for task in catalogue.course().of_exercise(exercise.key)}
    parts = [f'"""{_introduction(exercise)}"""', _imports(tree)]
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    missing = tasks.keys() - {node.name for node in functions}
    if missing:
        raise SolutionError(f"{exercise.file}: no solution for {', '.join(sorted(missing))}")
    for name, task in tasks.items():
        node = next(node for node in functions if node.name == name)
        parts.append("\n" + _stub(task, node, source))
    return "\n\n".join(parts) + "\n"


def _introduction(exercise: Exercise) -> str:
    kind = "Bonus exercise" if exercise.bonus else "Exercise"
    lines = [
        f"{kind} {exercise.key.removeprefix('ex')}: {exercise.title.lower()}.",
        "",
        "Replace each `raise NotImplementedError` by your own code, without autograd. A function",
        "gets what it asks for by name: change the parameters if you want other tensors. Then run",
        "`grader check`, and `grader hint TASK` where you are stuck.",
        "",
    ]
    return "\n".join(lines)


def _imports(tree: ast.Module) -> str:
    kept = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    text = "\n".join(ast.unparse(node) for node in kept)
    # A blank line between the standard library and torch, as the solutions have it.
    return text.replace("Callable\nimport torch", "Callable\n\nimport torch")


def _stub(task: Task, node: ast.FunctionDef, source: str) -> str:
    lines = source.splitlines()
    signature = "\n".join(lines[node.lineno - 1 : node.body[0].lineno - 1])
    body = "\n".join(_docstring(task, [argument.arg for argument in node.args.args]))
    return f"{signature}\n{body}\n    raise NotImplementedError"


def _docstring(task: Task, parameters: list[str]) -> Iterator[str]:
    if forward.tensor_of(task) is None:
        told = inspect.cleandoc(forward.spec(task.exercise.key).procedures[task.name].__doc__ or "")
        first, *rest = told.split("\n")
        yield f'    """{first}'
        yield from (f"    {line}".rstrip() for line in rest)
        yield '    """'
        return
    yield from (f"    {line}".rstrip() for line in gradient_text(task, parameters))


def gradient_text(task: Task, parameters: list[str]) -> list[str]:
    """Return the docstring of a gradient's stub: forward lines, shapes, nothing of the answer."""
    tensor = forward.tensor_of(task)
    assert tensor is not None
    shapes = _shapes(task)
    text = [f'"""Gradient of the loss with respect to {tensor} {shapes[tensor]}.', ""]
    text.append(
        "The forward pass reads it in:"
        if len(forward.readers(task)) == 1
        else f"The forward pass reads it in {len(forward.readers(task))} lines:"
    )
    text.append("")
    for line in forward.readers(task):
        text += [f"    {part}" for part in line.text.split("\n")]
        text[-1] += f"  # {shapes[line.makes]}"
    text += ["", "Given:", ""]
    wide = max(map(len, parameters))
    text += [f"    {name:{wide}}  {shapes[name]}" for name in parameters if name in shapes]
    text += ['"""']
    return text


def _shapes(task: Task) -> dict[str, str]:
    """Return the shape in words of everything that a stub for the task may ask for."""
    sizes = Sizes()
    case = cases.draw(task.exercise.key, 0, "shapes")
    return {
        name: sizes.symbols(tuple(value.shape))
        for name, value in case.inputs(task).items()
        if isinstance(value, torch.Tensor)
    }


def generated(root: Path = ROOT) -> dict[Path, str]:
    """Return every generated file below `root`, with the text that it should have."""
    from grader import report

    texts = {}
    for exercise in catalogue.course().exercises:
        source = (root / "solutions" / exercise.file).read_text(encoding="utf-8")
        texts[exercise.file] = stubs(exercise, source)
    files = {root / "exercises" / name: text for name, text in texts.items()}
    files[root / "exercises" / NOTEBOOK] = building.notebook(texts)
    files[root / "docs" / "report.schema.json"] = report.schema_text()
    return files


def drift(root: Path = ROOT) -> list[Path]:
    """Return the generated files that differ from what they should be, or are missing."""
    return [
        path
        for path, text in generated(root).items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]


def write(root: Path = ROOT) -> list[Path]:
    """Write the generated files that are out of date; return them."""
    stale = drift(root)
    texts = generated(root)
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path], encoding="utf-8")
    return stale
