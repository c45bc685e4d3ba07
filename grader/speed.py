"""The check of speed: the training loop of a submission in a race with autograd.

Processor time is compared and not time on the wall, in turns and with the best of several rounds:
whatever else a machine does only ever adds to a time. That leaves a loop that is fast enough fast
enough on a busy machine, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from grader import training
from grader.cases import generator_for
from grader.checks import TRAJECTORY_BOUND, timed_run
from grader.course import network
from grader.course.network import Sizes
from grader.judge import Judge
from grader.training import Run

if TYPE_CHECKING:
    from grader.corpus import Splits

SPEED_UP = 2.1
"""In relation to the reference readable loops by hand are 1.8 to 1.9 times as fast, loops that keep
their memory but index as before 2.3 to 2.4, and the solution 3.5 to 3.7."""

RACE = {"steps": 200, "batch_size": 32, "decay_at": 120}
OTHER = {"steps": 40, "batch_size": 19, "decay_at": 25}
OTHER_SIZES = Sizes(n=19, n_embd=7, hidden=21)

EXAMPLES = 4000
"""Contexts to draw from. Few, as a worker's time is also that of receiving and comparing them."""

ROUNDS, LOOKS, CLEAR = 12, (3, 6), 1.15
"""The race ends at an early look if it is clear by then: a time that was disturbed in all of a few
rounds is not to decide it. Otherwise the best times of all rounds do."""

SHARE = "share of autograd's time"


def race(judge: Judge, splits: Splits, seed: str) -> None:
    """Compare the results of several runs with those of autograd, then the best times of both.

    Every run starts from parameters of its own, so nothing can be kept from one for the next. Up to
    the first look, autograd's times are those of whoever was graded first on this seed: its best
    times, with which it is hardest to compare. If that does not make it clear, both run in turns.
    """
    yours = autograds = math.inf
    for turn in range(ROUNDS):
        run = training.known_run if turn < LOOKS[0] else training.fresh_run
        own, other = _turn(judge, splits, Sizes(), f"{seed} race {turn}", turn, RACE, run)
        yours, autograds = min(yours, own), min(autograds, other)
        if turn + 1 in LOOKS and autograds >= CLEAR * SPEED_UP * yours:
            break
    judge.within(
        SHARE,
        yours / autograds,
        1 / SPEED_UP,
        f"for {RACE['steps']} steps your loop takes {1e3 * yours:.0f} ms of processor time and "
        f"autograd {1e3 * autograds:.0f} ms; it is to be {SPEED_UP:g} times as fast",
    )
    judge.record.note = f"{autograds / yours:.1f} times as fast as with autograd"


def other_sizes(judge: Judge, splits: Splits, seed: str) -> None:
    """Compare the results at sizes that are not the lecture's; no time is measured."""
    _turn(judge, splits, OTHER_SIZES, f"{seed} other sizes", 3, OTHER)


def _turn(
    judge: Judge,
    splits: Splits,
    sizes: Sizes,
    seed: str,
    draws: int,
    plan: Mapping[str, int],
    run: Callable[..., Run] = training.known_run,
) -> tuple[float, float]:
    """Train once in both ways; return the processor times of the submission and of autograd in s.

    Raises CheckFailed if the results differ.
    """
    data = splits.train[0][:EXAMPLES], splits.train[1][:EXAMPLES]
    parameters = network.draw_parameters(sizes, generator_for(seed, "speed"))
    right = run(data, parameters, draws, **plan)
    trained, yours = timed_run(judge, data, parameters, draws, plan)
    name, fraction = training.off_course(parameters, trained, right.trained)
    judge.require(
        fraction <= TRAJECTORY_BOUND,
        f"after {plan['steps']} steps with batches of {plan['batch_size']}, {name} is off the way "
        f"that it takes with autograd by {fraction:.2g} of that way; the limit is "
        f"{TRAJECTORY_BOUND:g}. It has to do what `train` of exercise 4 does",
    )
    return yours, right.cpu_seconds
