"""The submissions that the oracle grades: every form and every kind of outcome."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
GRADER_TESTS = ROOT / "tests" / "grader"

ATTACKS = (
    "a_array_protocols a_atexit a_deep_error a_exception_class a_forged_answer a_json a_long_texts "
    "a_metaclass a_not_tensors a_odd_numbers a_odd_types a_second_answer a_signature "
    "b_autograd_backward_method b_poison_builtins b_resource_abort"
).split()
SAMPLE = ("exercises", "zeros", "cells_by_hand", "ex1_rows", "ex1_dbndiff_plus", "a_odd_types")


def laid_out(folder: Path, grader: str, *, sample: bool) -> None:
    """Put the submissions into a folder, one entry for each, as a class would hand them in."""
    subprocess.run([grader, "dev", "zeros", str(folder / "zeros")], check=True, capture_output=True)
    for name, path in _named():
        target = folder / (name if path.is_dir() else f"{name}{path.suffix}")
        if path.is_dir():
            shutil.copytree(path, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, target)
    if sample:
        for path in folder.iterdir():
            if path.stem not in SAMPLE:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _named() -> Iterator[tuple[str, Path]]:
    for name in ("solutions", "exercises"):
        yield name, ROOT / name
    for kind in ("correct", "shape", "wrong"):
        for path in sorted((GRADER_TESTS / "golden" / kind).iterdir()):
            if not path.name.startswith("__"):
                yield path.stem, path
    for path in sorted((Path(__file__).parent / "notebooks").glob("*.ipynb")):
        yield path.stem, path
    for name in ATTACKS:
        path = GRADER_TESTS / "attacks" / "submissions" / f"{name}.py"
        if path.exists():
            yield name, path
