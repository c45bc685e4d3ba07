"""The checks of cost: an order of growth, asked for at a size where the slow way takes many times
as long as the right one.

Processor time is compared, not time on the wall, with that of the slow way in this process. The
limit lies far from both, and what is not clear at once is measured again: whatever else a machine
does only ever adds to a time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from grader import training
from grader.cases import generator_for
from grader.checks import trained_by, trained_on
from grader.course import ex5_leaky_abstraction, network
from grader.course.network import Sizes
from grader.judge import Judge
from grader.question import RowSparse, Value
from grader.training import Run

if TYPE_CHECKING:
    from grader.corpus import Splits

QUARTER = 0.25
"""The share of the slow way's time that an answer may take."""

TURNS, CLEAR = 3, 4.0
"""An answer is asked up to so many times, each time with other numbers, until it is within the
limit or this many times beyond it. Where it is within the limit by as much, the slow way need not
be measured again."""


@dataclass
class SlowWay:
    """A way that is too slow, and the least processor time that it was ever seen to take here."""

    name: str
    run: Callable[[], float]
    seconds: float = math.inf

    def measure(self) -> None:
        """Run it once more."""
        self.seconds = min(self.seconds, self.run())


def affordable(judge: Judge, slow: SlowWay, ask: Callable[[int], float], explain: str) -> None:
    """Check that an answer takes at most a quarter of the slow way's time.

    ask: asks for the answer in a given turn, judges it, and returns the processor time in s.
    """
    yours = share = math.inf
    for turn in range(TURNS):
        yours = min(yours, ask(turn))
        if yours > QUARTER / CLEAR * slow.seconds or math.isinf(slow.seconds):
            slow.measure()
        share = yours / slow.seconds
        if share <= QUARTER or share > CLEAR * QUARTER:
            break
    told = f"your function takes {1e3 * yours:.0f} ms of processor time, {slow.name} "
    told += f"{1e3 * slow.seconds:.0f} ms"
    judge.within(f"share of the time of {slow.name}", share, QUARTER, f"{explain} {told}")


def best_of(times: int, work: Callable[[], object]) -> float:
    """Return the least processor time in s of some work."""
    taken = []
    for _ in range(times):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


# embedding_backward

LOOKED_UP = Sizes(n=33_334)
"""100,002 characters. Python's loop over them takes 0.6 s, a product with one-hot rows 0.07, and
index_add_ 0.01, most of it for receiving and sending."""


def embedding(judge: Judge, seed: str) -> None:
    """Compare the embedding's gradient, then its time with that of a loop over characters."""
    _accumulated(judge, Sizes(vocab=31, n_embd=6, block_size=4), f"{seed} embedding")
    affordable(
        judge,
        LOOP,
        lambda turn: _accumulated(judge, LOOKED_UP, f"{seed} embedding {turn}"),
        f"for {LOOKED_UP.n * LOOKED_UP.block_size:,} characters",
    )


def _accumulated(judge: Judge, sizes: Sizes, label: str) -> float:
    """Judge the embedding's gradient, and return the processor time that it took."""
    generator = generator_for(label, "embedding")
    Xb = torch.randint(0, 20, (sizes.n, sizes.block_size), generator=generator)
    demb = torch.randn(sizes.n, sizes.block_size, sizes.n_embd, generator=generator)
    inputs: dict[str, Value] = {"demb": demb, "Xb": Xb, "vocab": sizes.vocab}
    answer = judge.ask(inputs)
    right = ex5_leaky_abstraction.embedding_backward(demb.double(), Xb, sizes.vocab)
    rounded = ex5_leaky_abstraction.embedding_backward(demb, Xb, sizes.vocab)
    judge.matches(f"dC at batch {sizes.n}", answer.tensors[0], right, rounded)
    judge.require(not answer.changed, f"{', '.join(answer.changed)} was changed in place")
    return answer.cpu_seconds


def loop_seconds() -> float:
    """Return the processor time of a Python loop over every character, from a tenth of them.

    It reads and adds as often as the loop that is asked for, but into any row: to accumulate into
    the right ones is a task, and students may read this.
    """
    part = Sizes(n=LOOKED_UP.n // 10)
    demb = torch.randn(part.n, part.block_size, part.n_embd)
    rows = (torch.arange(part.n * part.block_size) % part.vocab).view(part.n, part.block_size)

    def loop() -> None:
        table = demb.new_zeros(part.vocab, part.n_embd)
        for example, context in enumerate(rows):
            for place in range(len(context)):
                table[rows[example, place]] += demb[example, place]

    return LOOKED_UP.n / part.n * best_of(2, loop)


LOOP = SlowWay("a Python loop", loop_seconds)


# train_fast

SAME = 1e-4
"""Largest distance from autograd's way, in parts of that way, that is still rounding: loops that
train alike stay within 2e-5, two late steps at a time at the same parameters are off by 6e-4, and
updates of C that wait for ten late steps by 4e-4."""

NEAR = 0.3
"""Embeddings start so much closer to 0 than usual. Then they have larger gradients and are rounded
less, and what is done to them shows early."""

RUN = {"steps": 60, "batch_size": 32, "decay_at": 10}
OTHER = {"steps": 40, "batch_size": 19, "decay_at": 10}
OTHER_SIZES = Sizes(n=19, n_embd=7, hidden=21)
"""The learning rate decays early: after many steps with the large one, the others hardly count."""

ROWS = 1_000_000
LARGE = {"steps": 100, "batch_size": 8, "decay_at": 50}
LARGE_SIZES = Sizes(n=8, hidden=32)
EXAMPLES, IN_USE, IDLE = 256, 300, 300
"""A large table: so many contexts to draw from, of so many of its rows, and so many other rows that
are to stay as they are."""


def same_training(judge: Judge, splits: Splits, seed: str) -> None:
    """Compare the results of training with those of autograd, at the lecture's sizes."""
    _compared(judge, splits, Sizes(), seed, RUN)


def other_sizes(judge: Judge, splits: Splits, seed: str) -> None:
    """Compare the results at sizes that are not the lecture's."""
    _compared(judge, splits, OTHER_SIZES, f"{seed} other sizes", OTHER)


def large_table(judge: Judge, seed: str) -> None:
    """Train with an embedding table of a million rows: compare the results with those of autograd,
    then the time with what updates of the whole table take.
    """
    affordable(
        judge,
        DENSE,
        lambda turn: _trained_at_large(judge, f"{seed} large table {turn}"),
        f"for {LARGE['steps']} steps with a table of {ROWS:,} rows, of which a step looks up "
        f"{LARGE_SIZES.n * LARGE_SIZES.block_size},",
    )


def _trained_at_large(judge: Judge, label: str) -> float:
    """Judge a run of training, and return the processor time that it took.

    The network has a small table. For the submission its rows lie scattered in a large one.
    """
    generator = generator_for(label, "large table")
    X = torch.randint(0, IN_USE, (EXAMPLES, LARGE_SIZES.block_size), generator=generator)
    Y = torch.randint(0, LARGE_SIZES.vocab, (EXAMPLES,), generator=generator)
    rows, apart = IN_USE + IDLE, ROWS // (IN_USE + IDLE)
    index = torch.randperm(rows, generator=generator) * apart
    index += torch.randint(0, apart, (rows,), generator=generator)
    parameters = network.draw_parameters(LARGE_SIZES, generator)
    parameters["C"] = NEAR * torch.randn(rows, LARGE_SIZES.n_embd, generator=generator)
    right = training.known_run((X, Y), parameters, 3, **LARGE)
    scattered = RowSparse(ROWS, index, parameters["C"])
    inputs = training.inputs((index[X], Y), {**parameters, "C": scattered}, 3, **LARGE)
    trained, seconds = trained_on(judge, inputs, parameters)
    _require_same(judge, parameters, trained, right, LARGE)
    return seconds


def dense_seconds() -> float:
    """Return the processor time of what updates of the whole table cost at the very least: to clear
    a gradient of its shape and to subtract it, in every step.
    """
    table, gradient = (torch.ones(ROWS, LARGE_SIZES.n_embd) for _ in range(2))
    return LARGE["steps"] * best_of(5, lambda: table.sub_(gradient.zero_(), alpha=0.1))


DENSE = SlowWay("updates of the whole table", dense_seconds)


def _compared(judge: Judge, splits: Splits, sizes: Sizes, seed: str, plan: dict[str, int]) -> None:
    data = splits.train
    parameters = network.draw_parameters(sizes, generator_for(seed, "speed"))
    parameters["C"] *= NEAR
    right = training.known_run(data, parameters, 3, **plan)
    trained = trained_by(judge, data, parameters, 3, plan)
    _require_same(judge, parameters, trained, right, plan)


def _require_same(
    judge: Judge,
    parameters: dict[str, Tensor],
    trained: dict[str, Tensor],
    right: Run,
    plan: dict[str, int],
) -> None:
    """Check that the parameters have gone the way of autograd. Raises CheckFailed if not."""
    name, fraction = training.off_course(parameters, trained, right.trained)
    judge.require(
        fraction <= SAME,
        f"after {plan['steps']} steps with batches of {plan['batch_size']}, {name} is off the way "
        f"that it takes with autograd by {fraction:.2g} of that way; the limit is {SAME:g}. It has "
        "to do what `train` of exercise 4 does",
    )
