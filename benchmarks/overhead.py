"""Row 4: what one submission costs in a warm grader beside its own functions, their references, and
the comparison of both.

Training is left out: there the functions take so long that everything else vanishes beside them.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from benchmarks.figures import Figure
from grader import cases, grade, reference, verdict
from grader.course import catalogue, ex4_training, ex5_leaky_abstraction, forward
from grader.options import ROOT, Options
from grader.sandbox.host.reply import Reply
from grader.sandbox.host.worker import Worker
from grader.sandbox.host.zygote import Zygote
from grader.submission import read_for_course

TRAINING = ("ex4.train", "ex5.train_fast")

REFERENCES = (
    (cases, ("draw", "true_chain", "lecture")),
    (reference, ("gradient", "may_alias")),
    (ex4_training, ("backward", "calibrate_batchnorm", "evaluate", "sample")),
    (
        ex5_leaky_abstraction,
        ("numerical_gradient", "clip_gradients", "saturation", "embedding_backward"),
    ),
)
"""Where references are computed, by module: the forward pass of a case, then its gradients."""


@dataclass
class Stopwatch:
    """Seconds by kind of work. What is called by something that is measured is part of it."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _running: bool = False

    def around(self, kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that is measured."""

        def measured(*given: Any, **named: Any) -> Any:
            if self._running:
                return function(*given, **named)
            self._running, started = True, time.perf_counter()
            try:
                return function(*given, **named)
            finally:
                self.seconds[kind] += time.perf_counter() - started
                self._running = False

        return measured


@contextlib.contextmanager
def watched() -> Iterator[Stopwatch]:
    """Measure functions (in the workers, as they tell it), references and comparisons."""
    watch, receive = Stopwatch(), Worker.receive
    for exercise in catalogue.course().exercises:
        forward.spec(exercise.key)  # as it is without a stopwatch

    def receiving(worker: Worker, *given: Any, **named: Any) -> Reply:
        reply = receive(worker, *given, **named)
        watch.seconds["functions"] += float(reply.header.get("seconds", 0.0))
        return reply

    with contextlib.ExitStack() as stack:
        patches: list[tuple[object, str, object]] = [(Worker, "receive", receiving)]
        patches += [(verdict, "compare", watch.around("comparison", verdict.compare))]
        for module, names in REFERENCES:
            patches += [(module, n, watch.around("references", getattr(module, n))) for n in names]
        for owner, name, instead in patches:
            stack.enter_context(mock.patch.object(owner, name, instead))
        yield watch


def measure(pairs: int) -> Iterator[Figure]:
    """Grade the solutions again and again, each time with a seed of its own and with the last one.

    With a new seed every hidden case has to be drawn; in a cohort all submissions have one seed.
    """
    tasks = tuple(t.full_name for t in catalogue.course().tasks if t.full_name not in TRAINING)
    submission = read_for_course(ROOT / "solutions")
    parts: dict[str, dict[str, list[float]]] = {"new": {}, "known": {}}
    with Zygote("best") as zygote:
        grade.grade_one(submission, zygote, Options("warm", tasks=tasks))
        for turn, kind in itertools.product(range(pairs), parts):
            started = time.perf_counter()
            with watched() as watch:
                report = grade.grade_one(submission, zygote, Options(f"turn {turn}", tasks=tasks))
            whole = time.perf_counter() - started
            if any(task.status != "passed" for task in report.tasks):
                raise RuntimeError("the solutions do not pass")
            shares = {part: 100 * spent / whole for part, spent in watch.seconds.items()}
            shares["overhead"] = 100 - sum(shares.values())
            for part, share in (shares | {"whole": 1e3 * whole}).items():
                parts[kind].setdefault(part, []).append(share)
    yield Figure("grade", "overhead, with a new seed", "%", parts["new"]["overhead"], 40.0)
    yield Figure("grade", "overhead, with the seed before", "%", parts["known"]["overhead"])
    for kind, seed in (("new", "a new seed"), ("known", "the seed before")):
        for part in ("functions", "references", "comparison"):
            yield Figure("grade", f"{part}, with {seed}", "%", parts[kind][part])
        yield Figure("grade", f"one submission, with {seed}", "ms", parts[kind]["whole"])
