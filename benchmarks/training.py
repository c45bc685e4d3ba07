"""Row 6: steps of training a second, on one thread, against the same network with autograd.

Every loop does the same run, and its parameters are compared with those of the first before any
time counts.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

import torch
from torch import Generator

from benchmarks import loops, tuned
from benchmarks.figures import Figure
from benchmarks.pairs import interleaved, ratios, timed
from grader import cases
from grader import training as yardsticks
from grader.checks import TRAJECTORY_BOUND
from grader.course import network
from grader.course.network import PARAMETERS, Sizes
from grader.options import ROOT

HIDDEN = (64, 200)
STEPS = 400

Loop = Callable[[loops.Given], Any]


def solution(name: str) -> ModuleType:
    """Return a module of the solutions of its own: other ones may change what is in it."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "solutions" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def loops_to_compare() -> dict[str, Loop]:
    """Return the loops by name, autograd first."""
    readable = solution("ex4_training")
    return {
        "autograd": loops.autograd,
        "readable": lambda given: readable.train(**given),
        "tuned": lambda given: tuned.train(**given),
        "NumPy": loops.in_numpy,
        "Python loop for the embedding": with_a_python_loop(),
    }


def with_a_python_loop() -> Loop:
    """Return the readable loop, with every character's gradient added by a step of Python."""
    text = (ROOT / "solutions" / "ex4_training.py").read_text(encoding="utf-8")
    line = "torch.zeros_like(C).index_add_(0, Xb.flatten(), demb)"
    if text.count(line) != 1:
        raise RuntimeError(f"{line}: is not in solutions/ex4_training.py; change it here, too")
    module: dict[str, Any] = {"character_by_character": loops.character_by_character}
    exec(text.replace(line, "character_by_character(C, Xb, demb)"), module)
    return lambda given: module["train"](**given)


def given(hidden: int, steps: int) -> loops.Given:
    """Return a run of the lecture's network with so many hidden units."""
    X, Y = cases.splits_of("names").train
    generator = Generator().manual_seed(1)
    parameters = network.draw_parameters(Sizes(hidden=hidden), generator)
    plan = {"steps": steps, "batch_size": 32, "decay_at": steps // 2}
    return {"X": X, "Y": Y, **parameters, "generator": Generator().manual_seed(2), **plan}


def off_course(found: Mapping[str, Loop], hidden: int, steps: int) -> dict[str, float]:
    """Return how far the results of each loop are from those of autograd, as in the checks."""
    start = {name: given(hidden, steps)[name] for name in PARAMETERS}
    with torch.no_grad():
        ends = {
            name: dict(zip(PARAMETERS, loop(given(hidden, steps)), strict=True))
            for name, loop in found.items()
        }
    return {
        name: yardsticks.off_course(start, end, ends["autograd"])[1] for name, end in ends.items()
    }


def measure(pairs: int, steps: int = STEPS) -> Iterator[Figure]:
    """Time all loops in turns, for each number of hidden units."""
    torch.set_num_threads(1)
    torch.backends.mkldnn.set_flags(False)  # type: ignore[no-untyped-call]
    found = loops_to_compare()
    targets = {"readable": 1.2, "tuned": 2.2}
    for hidden in HIDDEN:
        wrong = {k: d for k, d in off_course(found, hidden, 60).items() if d > TRAJECTORY_BOUND}
        if wrong:
            raise RuntimeError(f"these loops do not train as autograd does: {wrong}")
        calls = {name: _call(loop, hidden, steps) for name, loop in found.items()}
        times = interleaved(pairs, calls)
        for name in found:
            if name != "autograd":
                what = f"hidden {hidden}: {name} / autograd"
                faster = ratios(times["autograd"], times[name])
                yield Figure("train", what, "x", faster, targets.get(name), at_most=False)
        left = ratios(times["tuned"], times["NumPy"])
        yield Figure("train", f"hidden {hidden}: NumPy / tuned", "x", left)
        yield Figure(
            "train", f"hidden {hidden}: autograd", "steps/s", [steps / t for t in times["autograd"]]
        )


def _call(loop: Loop, hidden: int, steps: int) -> Callable[[], float]:
    def call() -> float:
        run = given(hidden, steps)
        with torch.no_grad():
            return timed(lambda: loop(run))

    return call
