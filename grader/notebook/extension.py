"""The magics of `%load_ext grader.notebook`: %check, %hint, %progress."""

from __future__ import annotations

from typing import Any

NAMES = ("check", "hint", "progress")


def load(shell: Any) -> None:
    """Give the magics to an IPython shell."""

    def check(line: str) -> Any:
        """Check gradients by their names, `%check dlogprobs dprobs`; without one show progress."""
        from grader.notebook import checking

        names = line.split()
        if not names:
            return checking.progress()
        *first, last = [checking.check(name, shell.user_ns) for name in names]
        for result in first:
            _display(result)
        return last

    def hint(line: str) -> Any:
        """Show a hint, and one more each time: for a task, or for the one checked last."""
        from grader.notebook import checking

        return checking.hint(line.strip())

    def progress(line: str) -> Any:
        """Show the state of all tasks in this session."""
        from grader.notebook import checking

        return checking.progress()

    for name, magic in zip(NAMES, (check, hint, progress), strict=True):
        shell.register_magic_function(magic, "line", name)


def _display(result: object) -> None:
    from IPython.display import display

    display(result)  # type: ignore[no-untyped-call]
