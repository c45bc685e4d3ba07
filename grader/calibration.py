"""Where the loss threshold comes from: the losses that the reference solution reaches.

The solution is run like any other submission, in a worker, from many seeds. The threshold lies four
standard deviations above the mean, so that a correct loop with its own minibatches passes.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from grader import corpus, examination, training
from grader.course import catalogue
from grader.course.network import PARAMETERS
from grader.errors import SandboxError
from grader.examination import Examination
from grader.options import ROOT
from grader.question import Wanted
from grader.sandbox.client import Zygote
from grader.sandbox.conversation import Outcome
from grader.submission import read_for_course

MARGIN = 4.0


@dataclass(frozen=True)
class Calibration:
    """The distribution of losses and the threshold that follows from it."""

    losses: tuple[float, ...]

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
    task = course.resolve("ex4.train")
    solutions = read_for_course(ROOT / "solutions")
    losses = []
    with Zygote() as zygote:
        inspection, told = examination.inspect(zygote, solutions)
        if inspection is None:
            raise SandboxError(told)
        exam = Examination(zygote, solutions, course, inspection)
        for seed in range(seeds):
            parameters = training.start(f"calibration {seed}", "learning")
            inputs = training.inputs(splits.train, parameters, seed, **plan)
            answer = exam.ask(task, inputs, Wanted("tensors", PARAMETERS))
            if answer.outcome is not Outcome.OK:
                raise SandboxError(f"the reference solution does not train: {answer.message}")
            trained = dict(zip(PARAMETERS, answer.tensors, strict=True))
            losses.append(round(training.validation_loss(trained, splits), 4))
            tell(f"seed {seed + 1}/{seeds}: loss {losses[-1]:.4f}")
        exam.end()
    return Calibration(tuple(losses))


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
    document["training"]["loss"][corpus_name] = entry
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
