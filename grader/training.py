"""References and yardsticks for exercise 4: what training does to the parameters, and how well.

The grader never believes a loss. It takes the parameters that a submission returns and computes
everything from them itself.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Generator, Tensor

from grader.cases import generator_for
from grader.course import ex4_training as course
from grader.course import network
from grader.course.network import PARAMETERS, Sizes
from grader.question import Seeded, Value

if TYPE_CHECKING:
    from grader.corpus import Splits

Split = tuple[Tensor, Tensor]

EARLY = (10, 30, 100, 300)
"""After how many steps the loss is looked at before the end of training, for a curve of it."""

THINNED = 8


def start(seed: str, label: str) -> dict[str, Tensor]:
    """Return the parameters of the lecture's network, drawn from a run's seed."""
    return network.draw_parameters(Sizes(), generator_for(seed, label))


def reference_run(
    data: Split, parameters: Mapping[str, Tensor], seed: int, **plan: int
) -> dict[str, Tensor]:
    """Train with autograd as documented: `plan` has steps, batch_size and decay_at."""
    generator = Generator().manual_seed(seed)
    in_order = [*data, *(parameters[name] for name in PARAMETERS), generator]
    trained = course.train(*in_order, **plan)  # type: ignore[arg-type]
    return dict(zip(PARAMETERS, trained, strict=True))


@dataclass(frozen=True)
class Run:
    """What autograd makes of a run, and its seconds."""

    data: Split
    trained: Mapping[str, Tensor]
    seconds: float


_runs: dict[tuple[Any, ...], Run] = {}
MOST_RUNS = 32


def known_run(data: Split, parameters: Mapping[str, Tensor], seed: int, **plan: int) -> Run:
    """Return what `reference_run` does; computed once for all submissions that are graded on the
    same seed.
    """
    digest = hashlib.sha256(b"".join(value.numpy().tobytes() for value in parameters.values()))
    # A run keeps its data, so nothing else can be at this address.
    where = data[0].data_ptr(), len(data[0])
    key = (*where, digest.digest(), seed, *sorted(plan.items()))
    if key not in _runs:
        while len(_runs) >= MOST_RUNS:
            del _runs[next(iter(_runs))]
        started = time.perf_counter()
        trained = reference_run(data, parameters, seed, **plan)
        _runs[key] = Run(data, trained, time.perf_counter() - started)
    return _runs[key]


def inputs(
    data: Split, parameters: Mapping[str, Value], seed: int, **plan: int
) -> dict[str, Value]:
    """Return what `train` of a submission gets for the same run."""
    return {"X": data[0], "Y": data[1], **parameters, "generator": Seeded(seed), **plan}


def moves(parameters: Mapping[str, Tensor], trained: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return how far each parameter moved, in float64."""
    return {name: trained[name].double() - parameters[name].double() for name in parameters}


def off_course(
    parameters: Mapping[str, Tensor], trained: Mapping[str, Tensor], right: Mapping[str, Tensor]
) -> tuple[str, float]:
    """Return the parameter whose move is furthest from the right one, and by what fraction.

    The fraction is of Euclidean norms of moves. b1 hardly moves at all, because batch norm takes
    out what it adds, so a move counts for at least a thousandth of the largest one.
    """
    own, wanted = moves(parameters, trained), moves(parameters, right)
    norms = {name: move.norm().item() for name, move in wanted.items()}
    floor = max(norms.values()) / 1000
    fractions = {
        name: (own[name] - wanted[name]).norm().item() / max(norms[name], floor) for name in wanted
    }
    name = max(fractions, key=lambda key: fractions[key])
    return name, fractions[name]


def validation_loss(parameters: Mapping[str, Tensor], splits: Splits) -> float:
    """Return the loss on the validation split, with batch norm calibrated on the training split."""
    return split_loss(parameters, splits.train, splits.validation)


def rough_loss(parameters: Mapping[str, Tensor], splits: Splits) -> float:
    """Return the loss on the validation split, with batch norm calibrated on every eighth example:
    within 0.01 of `validation_loss` and five times as fast, to be shown and not judged.
    """
    X, Y = splits.train
    return split_loss(parameters, (X[::THINNED], Y[::THINNED]), splits.validation)


def split_loss(parameters: Mapping[str, Tensor], train: Split, split: Split) -> float:
    """Return the loss on a split; statistics of batch norm come from the training split."""
    wide = {name: value.double() for name, value in parameters.items()}
    bnmean, bnvar = course.calibrate_batchnorm(train[0], wide["C"], wide["W1"], wide["b1"])
    return course.evaluate(*split, **wide, bnmean=bnmean, bnvar=bnvar).item()
