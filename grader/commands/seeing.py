"""What is to be looked at: pictures of gradients and activations, and a long training run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.commands.basics import (
    EXIT_BELOW,
    EXIT_INTERRUPTED,
    explained,
    import_torch,
    leave,
    stop,
)
from grader.commands.common import check_writable, console, corpus_option, default_exercises
from grader.options import ROOT

if TYPE_CHECKING:
    from rich.console import Console

    from grader.cases import Case
    from grader.course.catalogue import Task
    from grader.examiner import Examiner
    from grader.long_training import Outcomes, Plan, Run, Trainer

CASES = {"lecture": "the lecture's batch, true chain", "random": "a batch drawn at random"}
isolation_option = click.option(
    "--isolation",
    type=click.Choice(["best", "jail", "process"]),
    default="best",
    show_default=True,
    help="Where the code runs; jail, for code that you do not trust, refuses to do without one.",
)


@contextmanager
def _examiner(path: Path, isolation: str) -> Iterator[Examiner]:
    """Yield what asks the functions of a submission, without a limit on all calls together."""
    from grader import submission as intake
    from grader.errors import UnreadableSubmission

    submission = intake.read_for_course(path)
    if not hasattr(os, "fork") and isolation == "best":
        from grader import inline
        from grader.course.catalogue import course

        yield inline.Inline(submission, course(), inline.inspect(submission))
        return
    from grader.sandbox.host.zygote import Zygote

    with Zygote(isolation) as zygote:
        import_torch()
        from grader import examination
        from grader.course.catalogue import course

        inspection, told = examination.inspect(zygote, submission)
        if inspection is None:
            raise UnreadableSubmission(f"{submission.name}: the sources cannot be read: {told}")
        exam = examination.Examination(zygote, submission, course(), inspection)
        try:
            yield exam
        finally:
            exam.end()


# draw


@click.command()
@click.argument("task")
@click.option("--path", type=click.Path(path_type=Path), help="Whose (default: exercises).")
@click.option(
    "--out", metavar="FILE.png", help="Where to write (default: reports/pictures/TASK.png)."
)
@click.option("--case", "kind", type=click.Choice(list(CASES)), default="lecture",
              show_default=True, help="Which batch.")  # fmt: skip
@click.option("--forces", is_flag=True, help="Add dlogits as forces; always there for ex2.dlogits.")
@corpus_option
@isolation_option
def draw(
    task: str,
    path: Path | None,
    out: str | None,
    kind: str,
    forces: bool,
    corpus: str,
    isolation: str,
) -> None:
    """Draw TASK as heat maps: your gradient, autograd's and the difference, the worst entries
    marked. `dlogits` alone is that of exercise 2, whose rows are forces.

    The name of a forward tensor draws its values: `grader draw h` shows saturated units.
    """
    with explained():
        _check_png(out)
        found = _drawable(task, forces, kind)
        screen = console()
        from grader.pictures import characters, png, subject

        if isinstance(found, str):
            seen = subject.activations(found, _case("ex1", kind, corpus))
            lines, figure = characters.of_activations(seen), png.of_activations(seen)
            name = found
        else:
            case, name = _case(found.exercise.key, kind, corpus), found.full_name
            with _examiner(path or default_exercises(), isolation) as exam:
                answer = exam.ask(found, dict(case.inputs(found)))
            shown = forces or name == "ex2.dlogits"
            picture = subject.gradient(found, case, answer, exam.course.bound, forces=shown)
            lines, figure = characters.of_gradient(picture), png.of_gradient(picture)
        for line in lines:
            screen.print(line)
        target = Path(out) if out else _folder(Path("reports/pictures")) / f"{name}.png"
        with _writing(target):
            png.save(figure, target)
        click.echo(f"written: {target}")
        leave()


def _check_png(out: str | None) -> None:
    if out is not None and not out.lower().endswith(".png"):
        stop(2, f"{out}: name a file that ends in .png")
    check_writable(out)


def _drawable(name: str, forces: bool, kind: str) -> Task | str:
    """Return the task whose gradient is meant, or the name of a forward tensor."""
    from grader.course import aliases, catalogue
    from grader.course import forward as course
    from grader.errors import UnknownTask
    from grader.pictures import subject

    tensors = subject.forward_names()
    own = aliases.canonical(name, tensors)
    if own in tensors and not forces:
        return own
    short = aliases.canonical(name, ("dlogits",))
    try:
        task = catalogue.course().resolve("ex2.dlogits" if short == "dlogits" else name)
    except UnknownTask as error:
        told = f"{error}; or draw a forward tensor: {', '.join(tensors)}"
        raise UnknownTask(told) from None
    if course.tensor_of(task) is None:
        seen = " (`grader train` shows a training run)" if task.exercise.key == "ex4" else ""
        stop(2, f"{task.full_name} is not one gradient; there is nothing to draw{seen}")
    if forces and task.name != "dlogits":
        stop(2, f"--forces is about dlogits, not {task.full_name}")
    if forces and kind == "random" and task.full_name == "ex1.dlogits":
        stop(2, "random upstream gradients are no forces: draw ex2.dlogits, or the lecture's case")
    return task


def _case(exercise: str, kind: str, corpus: str) -> Case:
    """Return a case that anybody may see: those of the public checks."""
    from grader import cases

    if kind == "lecture":
        return cases.lecture(exercise, cases.splits_of(corpus).train)
    return cases.draw(exercise, "public", "any upstream")


def _folder(path: Path) -> Path:
    with _writing(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        stop(2, f"{target}: cannot be written: {error.strerror}")


# train


@click.command(
    epilog="Exit codes: 0 trained; 1 train gave no parameters, or training diverged; 2 the command "
    "was not understood; 3 the submission or the corpus cannot be read; 4 the sandbox does not "
    "work; 130 interrupted, with everything written that there was."
)
@click.argument("submission", required=False, type=click.Path(path_type=Path))
@click.option("--solution", is_flag=True, help="Train with the reference solution.")
@click.option("--autograd", is_flag=True, help="Train with loss.backward().")
@click.option("--compare", is_flag=True, help="Train with autograd, too, and draw both curves.")
@click.option("--steps", type=click.IntRange(1, 10_000_000), default=20_000, show_default=True)
@click.option("--hidden", type=click.IntRange(1, 4096), default=200, show_default=True,
              help="Width of the hidden layer.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=2147483647, show_default=True,
              help="Seed of the parameters, the minibatches and the names.")  # fmt: skip
@click.option("--at-once", is_flag=True, help="All steps in one call: no progress, and exactly the "
              "minibatches of one long run. Otherwise a call is at most 500 steps.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), default=Path("reports/training"),
              show_default=True, help="Folder for training.json and loss.png.")  # fmt: skip
@corpus_option
@isolation_option
def train(
    submission: Path | None,
    solution: bool,
    autograd: bool,
    compare: bool,
    steps: int,
    hidden: int,
    seed: int,
    at_once: bool,
    out: Path,
    corpus: str,
    isolation: str,
) -> None:
    """Train the whole network with the `train` of SUBMISSION (default: exercises), as long as the
    lecture does, and show what it has learnt: losses, names, the curve.

    The learning rate is 0.1 for the first half of the steps and 0.01 for the second. Ctrl-C ends
    the run; what there is by then is shown and written.
    """
    if (submission is not None) + solution + autograd > 1:
        stop(2, "name one of SUBMISSION, --solution and --autograd")
    if autograd and compare:
        stop(2, "--compare lays autograd's curve over another one; leave --autograd out")
    with explained():
        from grader import corpus as corpora

        chosen = corpora.load(corpus)
        _folder(out)
        import_torch()
        from grader import long_training as long

        plan = long.Plan(steps, hidden, seed, at_once=at_once)
        splits = corpora.splits(chosen)
        name, runs = "autograd", Runs(plan, splits, console(err=True))
        if autograd:
            runs.train(name, long.by_autograd)
        else:
            path = ROOT / "solutions" if solution else submission or default_exercises()
            name = path.resolve().name
            name = "submission" if name == "autograd" else name
            with _examiner(path, isolation) as exam:
                runs.train(name, long.by_submission(exam))
                isolation = exam.isolation.level
        if compare and not runs.stopped:
            runs.train("autograd", long.by_autograd)
        about = {
            "corpus": corpus,
            "corpus_sha256": chosen.sha256,
            "isolation": None if autograd else isolation,
        }
        _conclude(runs, out, about)


class Runs:
    """Training runs of one plan, one after another, shown as they go. `stopped` is the exit code
    of a run that did not come to its end, and `why` says what happened.
    """

    def __init__(self, plan: Plan, splits: Any, screen: Console) -> None:
        self.plan, self.splits, self.screen = plan, splits, screen
        self.runs: dict[str, Run] = {}
        self.stopped, self.why = 0, ""

    def train(self, name: str, trainer: Trainer) -> None:
        """Train once, until the end, Ctrl-C, or a function that does not answer."""
        from grader.long_training import Run, TrainingBroken

        run = Run(self.plan, self.splits, trainer)
        self.runs[name] = run
        try:
            with _watched(name, run, self.screen) as seen:
                for step, loss in run.pieces():
                    seen(step, loss)
        except KeyboardInterrupt:
            self.stopped = EXIT_INTERRUPTED
            self.why = f"interrupted after {run.done} of {self.plan.steps} steps"
        except TrainingBroken as error:
            self.stopped, self.why = EXIT_BELOW, str(error)
        if run.diverged:
            self.stopped, self.why = EXIT_BELOW, run.diverged


@contextmanager
def _watched(name: str, run: Run, screen: Console) -> Iterator[Any]:
    """Yield what is told of every piece: a bar on a terminal, a line now and then elsewhere."""
    total = run.plan.steps
    if not screen.is_terminal:
        tenths: set[int] = set()

        def line(step: int, loss: float) -> None:
            tenth = 10 * step // total
            if not tenths or tenth not in tenths:
                told = f"{name}: step {step}/{total}, loss {loss:.4f}"
                click.echo(f"{told}, {run.steps_per_second:.0f} steps/s", err=True)
            tenths.add(tenth)

        yield line
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.completed}/{task.total}"),
        TextColumn("loss {task.fields[loss]:.4f} {task.fields[speed]:.0f} steps/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=screen, transient=True) as bar:
        running = bar.add_task(name[:16], total=total, loss=run.curve[0][1], speed=0.0)

        def move(step: int, loss: float) -> None:
            bar.update(running, completed=step, loss=loss, speed=run.steps_per_second)

        yield move


def _conclude(runs: Runs, out: Path, about: dict[str, Any]) -> None:
    """Show and write what the runs came to, and end the program."""
    from grader import long_training as long

    trained = {name: run for name, run in runs.runs.items() if run.done}
    if not trained:
        stop(runs.stopped or EXIT_BELOW, f"{runs.why}; nothing was written")
    found = {name: None if run.diverged else long.outcomes(run) for name, run in trained.items()}
    for name, run in trained.items():
        _show(name, run, found[name])
    (first, run), *others = trained.items()
    plain = long.as_plain(run, found[first], trained_by=first, **about, stopped=runs.why or None)
    if others:
        name, run = others[0]
        plain["compared_with"] = long.as_plain(run, found[name], trained_by=name)
    _write(runs, out, plain, trained)
    if runs.stopped:
        stop(runs.stopped, runs.why)
    leave()


def _show(name: str, run: Run, found: Outcomes | None) -> None:
    click.echo(f"{name}: {run.done} steps, {run.steps_per_second:.0f} steps/s")
    if found is None:
        return
    click.echo(f"  train loss       {found.train_loss:.4f}")
    click.echo(f"  validation loss  {found.validation_loss:.4f}")
    from textwrap import fill

    names = ", ".join(name or "(empty)" for name in found.names)
    click.echo(fill(f"names: {names}", 78, initial_indent="  ", subsequent_indent="         "))


def _write(runs: Runs, out: Path, plain: dict[str, Any], trained: dict[str, Run]) -> None:
    import json
    import math

    from grader.pictures import png

    plan = runs.plan
    losses = [
        f"{name}: train {known['train_loss']:.4f}, validation {known['validation_loss']:.4f}"
        for name, known in zip(trained, (plain, plain.get("compared_with", {})), strict=False)
        if known["train_loss"] is not None
    ]
    said = "; ".join([*losses, *([runs.why] if runs.why else [])])
    title = f"{plain['trained_by']}: {plan.steps} steps, {plan.hidden} hidden units"
    curves = {name: run.curve for name, run in trained.items()}
    figure = png.of_curves(curves, plan.decay_at, math.log(27), title, said)
    with _writing(out):
        text = json.dumps(plain, indent=1, allow_nan=False) + "\n"
        (out / "training.json").write_text(text, encoding="utf-8")
        png.save(figure, out / "loss.png")
    click.echo(f"written: {out / 'training.json'}, {out / 'loss.png'}")
    sys.stdout.flush()
