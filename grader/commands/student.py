"""What students use most: check."""

from __future__ import annotations

import os
from pathlib import Path

import click

from grader.commands.basics import explained
from grader.commands.common import (
    check_corpus,
    check_writable,
    console,
    corpus_option,
    default_exercises,
    finish,
    graded,
    write,
)
from grader.options import Options


@click.command()
@click.argument("tasks", nargs=-1)
@click.option("--path", type=click.Path(path_type=Path), help="What to check (default: exercises).")
@corpus_option
@click.option(
    "--isolation",
    type=click.Choice(["best", "jail", "process", "in-process"]),
    default="best" if hasattr(os, "fork") else "in-process",
    show_default=True,
    help="Where your code runs; in-process is for breakpoint().",
)
@click.option("--html", "html_file", metavar="FILE", help="Write the report as one web page.")
def check(
    tasks: tuple[str, ...], path: Path | None, corpus: str, isolation: str, html_file: str | None
) -> None:
    """Run the public checks on your exercises: all of them, some TASKS, or whole exercises."""
    with explained():
        chosen = _chosen(tasks)
        check_corpus(corpus)
        check_writable(html_file)
        options = Options("public", corpus, True, chosen, isolation=isolation)
        # Evidence is for staff, who can judge it: who checks own work has nothing to answer for.
        checked = graded(path or default_exercises(), options)
        report = checked.model_copy(update={"findings": []})
        if html_file:
            from grader.render import html
            from grader.report import for_student

            write(html_file, html.render(for_student(report)))
            if html_file == "-":
                finish(report)
        from grader.render import terminal

        screen = console()
        terminal.show(report, screen)
        screen.print(terminal.progress_line(report))
        following = terminal.first_unfinished(report)
        if following is not None:
            from grader import hints

            told = hints.next_hint(following.full_name)
            screen.print()
            screen.print(terminal.next_step(following, told))
        finish(report)


def _chosen(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the full names of tasks; the key of an exercise stands for all of its tasks."""
    from grader.course.catalogue import course

    catalogue = course()
    keys = [exercise.key for exercise in catalogue.exercises]
    found: list[str] = []
    for name in names:
        tasks = catalogue.of_exercise(name) if name in keys else (catalogue.resolve(name),)
        found += [task.full_name for task in tasks]
    return tuple(dict.fromkeys(found))
