"""What students look up: hint, list. They print and end, and leave nothing to tidy up."""

from __future__ import annotations

import click

from grader.commands.basics import columns, explained


@click.command()
@click.argument("task")
@click.option("--more", is_flag=True, help="One hint more than the last time.")
def hint(task: str, more: bool) -> None:
    """Show the hints for TASK, one at a time."""
    import textwrap

    from grader import hints
    from grader.course import leads

    with explained():
        found = leads.resolve(task, leads.names())
    shown = hints.show(found, more=more)
    width = min(columns(), 100)
    for number, text in enumerate(shown, 1):
        told = f"{number}. {text}"
        click.echo(textwrap.fill(told, width, subsequent_indent="   ", break_on_hyphens=False))
    left = len(leads.hints_of(found)) - len(shown)
    if left:
        click.echo(f"({left} more: grader hint {leads.label(found)} --more)")


@click.command(name="list")
def list_() -> None:
    """List all tasks: full name, points, exercise."""
    from grader.course.catalogue import course

    catalogue = course()
    for exercise in catalogue.exercises:
        tasks = catalogue.of_exercise(exercise.key)
        points = sum(task.points for task in tasks)
        bonus = ", bonus" if exercise.bonus else ""
        click.echo(f"{exercise.title} (exercises/{exercise.file}, {points:g} points{bonus})")
        for task in tasks:
            click.echo(f"  {task.full_name:28} {task.points:g}")
