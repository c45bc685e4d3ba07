"""Training all the way: a submission's loop, or autograd, for as many steps as the lecture takes.

`train` of a submission is asked for a piece of the run at a time and goes on from the parameters
that it returned, so that the run can be watched and stopped. A function cannot be handed a
generator in the middle of its sequence, only a seed, so each piece has a seed of its own
(`seed_of`), and a run in pieces draws other minibatches than one long call; both are draws of the
same kind. A plan draws the same minibatches whoever trains: curves can be laid over each other.
`Plan.at_once` asks for all steps in one call: that is one long run, bit for bit.

No loss is taken from the submission: every figure is computed here from the parameters.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Generator, Tensor

from grader import excerpts, training
from grader.cases import generator_for
from grader.corpus import ALPHABET
from grader.course import compact, ex4_training, network
from grader.course import ex1_backward as lines
from grader.course.network import PARAMETERS, Sizes
from grader.examiner import Examiner
from grader.question import Wanted
from grader.sandbox.host.reply import Outcome

if TYPE_CHECKING:
    from grader.corpus import Splits

Split = tuple[Tensor, Tensor]
Parameters = dict[str, Tensor]
Trainer = Callable[..., Parameters]
"""Takes data, parameters, a seed, and steps, batch_size and decay_at by name."""

PIECE, PIECES = 500, 20
SAMPLE = 4096
ROWS = 1 << 14
"""How many examples are evaluated together: a split at once would take a gigabyte."""

LONGEST_NAME = 40
PATIENCE, PATIENCE_PER_STEP = 60.0, 0.1
"""Seconds that a piece may take: honest loops take less than a hundredth of that."""


class TrainingBroken(Exception):
    """A `train` that gave no parameters, and why."""


@dataclass(frozen=True)
class Plan:
    """What a run is to be. The learning rate decays after half of the steps, as in the lecture."""

    steps: int = 20_000
    hidden: int = 200
    seed: int = network.LECTURE_SEED
    batch_size: int = 32
    at_once: bool = False

    @property
    def decay_at(self) -> int:
        """The first step with the smaller learning rate."""
        return self.steps // 2

    @property
    def piece(self) -> int:
        """How many steps are asked for in one call."""
        return self.steps if self.at_once else min(PIECE, max(10, self.steps // PIECES))

    def start(self) -> Parameters:
        """Return the parameters that the run starts from."""
        sizes = Sizes(n=self.batch_size, hidden=self.hidden)
        return network.draw_parameters(sizes, generator_for(self.seed, "long training"))


def seed_of(seed: int, piece: int) -> int:
    """Return the seed of a piece of a run; the first piece has the run's own."""
    if piece == 0:
        return seed
    drawn = torch.randint(1 << 32, (), generator=generator_for(seed, f"piece {piece}"))
    return int(drawn)


def by_submission(exam: Examiner) -> Trainer:
    """Return what trains with the `train` of a submission. It raises TrainingBroken where that
    gives no parameters.
    """
    task = exam.course.resolve("ex4.train")

    def train(data: Split, parameters: Parameters, seed: int, **plan: int) -> Parameters:
        size = sum(value.numel() * value.element_size() for value in parameters.values())
        own = {name: value.clone() for name, value in parameters.items()}
        answer = exam.ask(
            task,
            training.inputs(data, own, seed, **plan),
            Wanted("tensors", PARAMETERS),
            seconds=PATIENCE + PATIENCE_PER_STEP * plan["steps"],
            expect_bytes=2 * size,
        )
        if answer.outcome is Outcome.NOT_IMPLEMENTED:
            raise TrainingBroken("train is not written yet")
        if answer.outcome is not Outcome.OK:
            line = f" (line {answer.line})" if answer.line else ""
            message = "".join(
                c if c.isprintable() else " " for c in excerpts.masked(answer.message)
            )
            raise TrainingBroken(f"train gives no parameters: {message[:400]}{line}")
        return _checked(dict(zip(PARAMETERS, answer.tensors, strict=True)), parameters)

    return train


def by_autograd(data: Split, parameters: Parameters, seed: int, **plan: int) -> Parameters:
    """Train the same network with loss.backward()."""
    return training.reference_run(data, parameters, seed, **plan)


def _checked(trained: Parameters, parameters: Parameters) -> Parameters:
    for name, got in trained.items():
        shape, wanted = tuple(got.shape), tuple(parameters[name].shape)
        if shape != wanted or not got.is_floating_point():
            dtype = str(got.dtype).removeprefix("torch.")
            raise TrainingBroken(
                f"train returns {name} as {shape} of {dtype} and should return {wanted} of float32"
            )
    return {name: got.to(parameters[name].dtype) for name, got in trained.items()}


@dataclass
class Run:
    """One training run: ask for `pieces`, and stop whenever you like; what is done is kept.

    curve: (step, loss on a fixed sample of the training split). seconds: spent in training.
    """

    plan: Plan
    splits: Splits
    trainer: Trainer
    parameters: Parameters = field(init=False)
    curve: list[tuple[int, float]] = field(default_factory=list)
    done: int = 0
    seconds: float = 0.0
    diverged: str = ""

    def __post_init__(self) -> None:
        torch.set_num_threads(1)  # as in the workers: the same input gives the same bits
        torch.backends.mkldnn.set_flags(False)  # type: ignore[no-untyped-call]
        self.parameters = self.plan.start()
        rows = generator_for(0, "sample of the training split")
        chosen = torch.randperm(len(self.splits.train[1]), generator=rows)[:SAMPLE]
        self._sample = self.splits.train[0][chosen], self.splits.train[1][chosen]
        self.curve.append((0, self._running_loss(self.parameters)))

    def pieces(self) -> Iterator[tuple[int, float]]:
        """Train; yield (step, running loss) after each piece. Ends early if the run diverges."""
        plan = self.plan
        while self.done < plan.steps and not self.diverged:
            steps = min(plan.piece, plan.steps - self.done)
            started = time.perf_counter()
            trained = self.trainer(
                self.splits.train,
                self.parameters,
                seed_of(plan.seed, self.done // plan.piece),
                steps=steps,
                batch_size=plan.batch_size,
                decay_at=min(max(plan.decay_at - self.done, 0), steps),
            )
            seconds = time.perf_counter() - started
            broken = [name for name in PARAMETERS if not bool(trained[name].isfinite().all())]
            loss = math.nan if broken else self._running_loss(trained)
            step = self.done + steps
            if not math.isfinite(loss):
                what = f"{', '.join(broken)} hold inf or nan" if broken else "the loss is infinite"
                self.diverged = f"training diverged between steps {self.done} and {step}: {what}"
                return
            # All at once, so that an interruption finds either the old state or the new one.
            self.parameters, self.done = trained, step
            self.seconds += seconds
            self.curve.append((step, loss))
            yield step, loss

    @property
    def steps_per_second(self) -> float:
        """How fast it trained."""
        return self.done / self.seconds if self.seconds else 0.0

    def _running_loss(self, parameters: Parameters) -> float:
        return training.split_loss(parameters, self._sample, self._sample)


@dataclass(frozen=True)
class Outcomes:
    """What a run came to: losses with calibrated batch norm, and names that the network makes."""

    train_loss: float
    validation_loss: float
    names: tuple[str, ...]


def outcomes(run: Run, names: int = 20) -> Outcomes:
    """Calibrate batch norm, measure both losses, sample names: all in float64."""
    wide = {name: value.double() for name, value in run.parameters.items()}
    calibrated = {**wide, **calibrate(run.splits.train[0], wide)}
    losses = [loss_of(split, calibrated) for split in (run.splits.train, run.splits.validation)]
    generator = generator_for(run.plan.seed, "names")
    block_size = run.splits.train[0].shape[1]
    drawn = tuple(sample(calibrated, generator, names, block_size))
    return Outcomes(losses[0], losses[1], drawn)


def calibrate(X: Tensor, p: Mapping[str, Tensor]) -> Parameters:
    """Return bnmean and bnvar over X (N, block_size), a slice at a time."""
    slices = torch.split(X, ROWS)
    mean, off = torch.zeros_like(p["bngain"]), torch.zeros_like(p["bngain"])
    for rows in slices:
        mean += compact.features(rows, p).sum(0, keepdim=True) / len(X)
    for rows in slices:
        off += lines.bndiff2(lines.bndiff(compact.features(rows, p), mean)).sum(0, keepdim=True)
    return {"bnmean": mean, "bnvar": off / (len(X) - 1)}


def loss_of(split: Split, calibrated: Mapping[str, Tensor]) -> float:
    """Return the mean loss of a split, a slice at a time."""
    total = 0.0
    for X, Y in zip(*(torch.split(part, ROWS) for part in split), strict=True):
        total += ex4_training.evaluate(X, Y, **calibrated).item() * len(Y)
    return total / len(split[1])


def sample(
    calibrated: Mapping[str, Tensor], generator: Generator, count: int, block_size: int
) -> Iterator[str]:
    """Yield names, all of them drawn side by side: one character of each in one draw.

    They are cut off: a network that never learnt to end a name would go on for ever. One name alone
    is what the course's `sample` draws.
    """
    contexts = torch.zeros(count, block_size, dtype=torch.long)
    running = torch.ones(count, 1, dtype=torch.bool)
    for _ in range(LONGEST_NAME):
        odds = compact.logits_calibrated(contexts[:, -block_size:], calibrated).softmax(1)
        drawn = torch.multinomial(odds, 1, generator=generator) * running  # (count, 1)
        contexts = torch.hstack([contexts, drawn])
        running &= drawn > 0
        if not bool(running.any()):
            break
    for row in contexts[:, block_size:].tolist():
        yield "".join(ALPHABET[code] for code in row if code)


def as_plain(run: Run, found: Outcomes | None, **more: Any) -> dict[str, Any]:
    """Return the figures of a run as plain data; without `found` there are no final ones."""
    plan = run.plan
    return {
        **more,
        "steps": plan.steps,
        "steps_done": run.done,
        "steps_per_call": plan.piece,
        "hidden": plan.hidden,
        "batch_size": plan.batch_size,
        "decay_at": plan.decay_at,
        "seed": plan.seed,
        "diverged": run.diverged or None,
        "train_loss": found.train_loss if found else None,
        "validation_loss": found.validation_loss if found else None,
        "running_loss": [[step, loss] for step, loss in run.curve],
        "names": list(found.names) if found else [],
        "seconds": round(run.seconds, 3),
        "steps_per_second": round(run.steps_per_second, 1),
        "torch": torch.__version__,
    }
