"""What an exercise notebook imports: `from grader.notebook import check, lecture_batch`.

`%load_ext grader.notebook` brings `%check dlogprobs`, `%hint` and `%progress`. Nothing here needs
IPython: without it the same results are text.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from grader.notebook.showing import Progress, Result, Said

__all__ = ["check", "hint", "lecture_batch", "load_ipython_extension", "progress"]


def check(gradient: object) -> Result | Said:
    """Check a gradient: `check("dlogprobs")` or `check(dlogprobs)`, a function or a tensor.

    Shows the line of the lecture's `cmp`, what is wrong and why if the numbers tell, a hint, and
    where the answer differs. A name that exercises share takes its exercise, `check("ex2.dlogits")`
    """
    from grader.notebook import checking

    return checking.check(gradient, sys._getframe(1).f_globals)


def hint(task: str = "") -> Said:
    """Show a hint for a task, and one more each time; by default for the one checked last."""
    from grader.notebook import checking

    return checking.hint(task)


def progress() -> Progress:
    """Show the state of all tasks in this session."""
    from grader.notebook import checking

    return checking.progress()


def lecture_batch() -> tuple[Tensor, ...]:
    """Return the lecture's batch and network: Xb, Yb, C, W1, b1, W2, b2, bngain, bnbias.

    They are the tensors of the public checks.
    """
    from grader import cases
    from grader.course import forward
    from grader.course.network import PARAMETERS

    case = cases.lecture(forward.BASE, cases.splits_of("names").train)
    return tuple(case.tensors[name].clone() for name in ("Xb", "Yb", *PARAMETERS))


def load_ipython_extension(shell: Any) -> None:
    """Bring the magics into a notebook: what `%load_ext grader.notebook` calls."""
    from grader.notebook import extension

    extension.load(shell)
