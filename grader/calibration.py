"""Where the loss threshold comes from: the losses that the reference solution reaches.

The solution is run like any other submission, in a worker, from many seeds. The threshold lies four
standard deviations above the mean, so that a correct loop with its own minibatches passes.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from grader import corpus, examination, training
from grader.corpus import Splits
from grader.course import catalogue
from grader.course.network import PARAMETERS
from grader.errors import SandboxError
from grader.examination import Examination
from grader.options import ROOT
from grader.question import Wanted
from grader.sandbox.host.reply import Outcome
from grader.sandbox.host.zygote import Zygote
from grader.submission import read_for_course

MARGIN = 4.0
PATIENCE = 60.0
"""Seconds for one run."""


@dataclass(frozen=True)
class Calibration:
    """The distribution of losses and the threshold that follows from it.

    early: losses after fewer steps, from the same seeds.
    """

    losses: tuple[float, ...]
    early: Mapping[int, tuple[float, ...]] = field(default_factory=dict)

    @property
    def curve(self) -> list[dict[str, float]]:
        """Steps, mean and standard deviation of the losses on the way."""
        return [
            {
                "steps": steps,
                "mean": round(statistics.fmean(losses), 4),
                "sd": round(statistics.stdev(losses), 4),
            }
            for steps, losses in self.early.items()
        ]

    @property
    def mean(self) -> float:
        """Mean of the losses."""
        return statistics.fmean(self.losses)

    @property
    def sd(self) -> float:
        """Standard deviation of the losses (n - 1)."""
        return statistics.stdev(self.losses)

    @property
    def threshold(self) -> float:
        """The largest loss that counts as learnt, rounded up to four digits."""
        return round(self.mean + MARGIN * self.sd + 5e-5, 4)


def run(corpus_name: str, seeds: int, tell: Callable[[str], None]) -> Calibration:
    """Train the reference solution from `seeds` seeds; `tell` is called with a line for each."""
    splits = corpus.splits(corpus.load(corpus_name))
    course = catalogue.course()
    plan = {key: int(course.training[key]) for key in ("steps", "batch_size", "decay_at")}
    solutions = read_for_course(ROOT / "solutions")
    losses: list[float] = []
    early: dict[int, list[float]] = {steps: [] for steps in training.EARLY}
    with Zygote() as zygote:
        inspection, told = examination.inspect(zygote, solutions)
        if inspection is None:
            raise SandboxError(told)
        exam = Examination(zygote, solutions, course, inspection)
        for seed in range(seeds):
            for steps, found in early.items():
                trained = _trained(exam, splits, seed, {**plan, "steps": steps})
                found.append(training.rough_loss(trained, splits))
            trained = _trained(exam, splits, seed, plan)
            losses.append(round(training.validation_loss(trained, splits), 4))
            tell(f"seed {seed + 1}/{seeds}: loss {losses[-1]:.4f}")
        exam.end()
    return Calibration(tuple(losses), {steps: tuple(found) for steps, found in early.items()})


def _trained(
    exam: Examination, splits: Splits, seed: int, plan: Mapping[str, int]
) -> dict[str, Tensor]:
    """Return the parameters that the reference solution leaves behind."""
    parameters = training.start(f"calibration {seed}", "learning")
    inputs = training.inputs(splits.train, parameters, seed, **plan)
    task = exam.course.resolve("ex4.train")
    answer = exam.ask(task, inputs, Wanted("tensors", PARAMETERS), seconds=PATIENCE)
    if answer.outcome is not Outcome.OK:
        raise SandboxError(f"the reference solution does not train: {answer.message}")
    return dict(zip(PARAMETERS, answer.tensors, strict=True))


def write(corpus_name: str, result: Calibration) -> None:
    """Write mean, spread, threshold and the distribution into tasks.toml; leave the rest alone."""
    import tomlkit

    path = catalogue.TASKS_TOML
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    entry = tomlkit.table()
    entry["mean"] = round(result.mean, 4)
    entry["sd"] = round(result.sd, 4)
    entry["threshold"] = result.threshold
    entry["losses"] = sorted(result.losses)
    entry["curve"] = _listed(result.curve)
    document["training"]["loss"][corpus_name] = entry
    path.write_text(tomlkit.dumps(document), encoding="utf-8")


def _listed(curve: list[dict[str, float]]) -> Any:
    """Return the points of a curve, one a line."""
    import tomlkit

    points = tomlkit.array().multiline(True)
    for point in curve:
        table = tomlkit.inline_table()
        table.update(point)
        points.append(table)
    return points
