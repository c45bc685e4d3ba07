"""Make the README's pictures of a student half-way: `grader check`, and `grader draw dcounts`.

    python docs/images/make.py            write check.svg and draw.svg
    python docs/images/make.py --student  print the student's file, a part of exercise 1

The student's file is the reference solution down to `dhpreact`, with two mistakes people make: the
second reader of `counts` is forgotten, and the gradient of `b2` keeps a dimension that `b2` lacks.
"""

from __future__ import annotations

import ast
import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = Path(__file__).resolve().parents[2]
EXERCISE = "ex1_backward.py"
TASKS = (
    "dprobs dcounts_sum_inv dcounts_sum dcounts dnorm_logits ex1.dlogits db2 dhpreact dbngain dC"
)
DONE = "dhpreact"
PICTURES = {"check": ("check", *TASKS.split()), "draw": ("draw", "dcounts")}
MISTAKES = {
    "    return counts_sum_inv * dprobs + dcounts_sum  # (n, vocab) + (n, 1)": (
        "    return counts_sum_inv * dprobs  # (n, vocab)"
    ),
    "    return dlogits.sum(0)  # (vocab,)": "    return dlogits.sum(0, keepdim=True)",
}


def bodies(path: Path) -> dict[str, tuple[int, int]]:
    """Return where the body of each function of a file starts and ends, after its docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {f.name: (f.body[0].end_lineno or 0, f.end_lineno or 0) for f in functions}


def student() -> str:
    """Return the exercise as the student has it: stubs, the first of them filled in."""
    solution, stubs = ROOT / "solutions" / EXERCISE, ROOT / "exercises" / EXERCISE
    answers, lines = bodies(solution), solution.read_text(encoding="utf-8").splitlines()
    text = stubs.read_text(encoding="utf-8").splitlines()
    own = bodies(stubs)
    names = list(own)
    for name in reversed(names[: names.index(DONE) + 1]):
        first, last = answers[name]
        text[own[name][0] : own[name][1]] = lines[first:last]
    source = "\n".join(text) + "\n"
    for right, wrong in MISTAKES.items():
        if source.count(right) != 1:
            raise SystemExit(f"{EXERCISE}: the line to spoil is not there: {right.strip()}")
        source = source.replace(right, wrong)
    return source


def said(folder: Path, arguments: tuple[str, ...]) -> str:
    """Return what the grader prints, in colour."""
    own = {"PYTHONPATH": str(ROOT), "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    environment = {**os.environ, **own}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "grader.cli", *arguments]
    run = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=True
    )
    return run.stdout


def picture(name: str, text: str) -> str:
    """Return the text as SVG that loads nothing from elsewhere. Its ids begin with the name."""
    console = Console(record=True, file=io.StringIO(), width=80, force_terminal=True)
    console.print(Text.from_ansi(text.rstrip()))
    svg = console.export_svg(title=f"grader {name}", theme=MONOKAI, unique_id=name)
    while "@font-face" in svg:  # a web font; the viewer's own monospaced one will do
        start = svg.index("@font-face")
        svg = svg[:start] + svg[svg.index("}", start) + 1 :].lstrip()
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def main() -> None:
    """Write the pictures, or print the student's file."""
    if "--student" in sys.argv[1:]:
        print(student(), end="")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "exercises")
        folder.mkdir()
        (folder / EXERCISE).write_text(student(), encoding="utf-8")
        texts = {title: said(Path(name), asked) for title, asked in PICTURES.items()}
    for title, text in texts.items():
        target = ROOT / "docs" / "images" / f"{title}.svg"
        target.write_text(picture(title, text), encoding="utf-8")
        print(f"{target.relative_to(ROOT)}: written")


if __name__ == "__main__":
    main()
