"""The checks that a public and a hidden test share: they differ in seeds and data only.

Each takes a judge for one task, asks the submission, and raises `CheckFailed` through the judge.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Generator, Tensor

from grader import training
from grader.cases import Case, generator_for
from grader.course import ex4_training, ex5_leaky_abstraction
from grader.course.catalogue import Catalogue
from grader.course.network import PARAMETERS, Sizes
from grader.judge import Judge
from grader.question import Cubic, Seeded, Value

if TYPE_CHECKING:
    from grader.corpus import Splits

GRADIENTS = tuple(f"d{name}" for name in PARAMETERS)
FOLLOWS = {"steps": 120, "batch_size": 32, "decay_at": 60}
FOLLOWS_TOO = {**FOLLOWS, "batch_size": 48}
TRAJECTORY_BOUND = 1e-3
"""Correct loops stay within 4e-6 of autograd; a missing Bessel correction is off by 6e-3."""

FLOWS = {"steps": 10, "batch_size": 8192, "decay_at": 5}
FLOW_BOUND = 0.2
"""Other minibatches of this size differ by about 0.1; a missing term of batch norm by 0.27."""

ENOUGH = 5000


def wide(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors with floating ones in float64."""
    return {
        name: value.double() if value.is_floating_point() else value
        for name, value in tensors.items()
    }


# Exercise 4


def backward(judge: Judge, case: Case) -> None:
    """Compare all seven gradients of one minibatch with autograd."""
    inputs = {name: case.tensors[name] for name in ("Xb", "Yb", *PARAMETERS)}
    answered = judge.put(dict(inputs), "tensors", GRADIENTS)
    right = ex4_training.backward(**wide(inputs))
    rounded = ex4_training.backward(**inputs)
    answer = answered()
    for name, got, value, value32 in zip(GRADIENTS, answer.tensors, right, rounded, strict=True):
        judge.matches(name, got, value, value32)
    judge.require(not answer.changed, f"{', '.join(answer.changed)} was changed in place")


def first_step(judge: Judge, splits: Splits, seed: str) -> None:
    """Compare the gradients that a loop in a notebook computes in its first step with autograd."""
    parameters = training.start(seed, "first step")
    size = Sizes().n
    inputs: dict[str, Value] = {
        "X": splits.train[0],
        "Y": splits.train[1],
        **parameters,
        "generator": Seeded(5),
        "batch_size": size,
    }
    answer = judge.ask(inputs, "tensors", GRADIENTS)
    rows = torch.randint(0, len(splits.train[0]), (size,), generator=Generator().manual_seed(5))
    batch = {"Xb": splits.train[0][rows], "Yb": splits.train[1][rows], **parameters}
    right = ex4_training.backward(**wide(batch))
    rounded = ex4_training.backward(**batch)
    for name, got, value, value32 in zip(GRADIENTS, answer.tensors, right, rounded, strict=True):
        judge.matches(name, got, value, value32)


def trained_by(
    judge: Judge,
    data: tuple[Tensor, Tensor],
    parameters: Mapping[str, Tensor],
    seed: int,
    plan: Mapping[str, int],
) -> dict[str, Tensor]:
    """Return the parameters that the submission's training loop leaves behind."""
    inputs = training.inputs(data, parameters, seed, **plan)
    return trained_on(judge, inputs, parameters)[0]


def trained_on(
    judge: Judge,
    inputs: Mapping[str, Value],
    parameters: Mapping[str, Tensor],
) -> tuple[dict[str, Tensor], float]:
    """Return what the submission's training loop leaves behind, in the shapes of `parameters`, and
    its processor time in s.
    """
    size = sum(value.numel() * value.element_size() for value in parameters.values())
    answer = judge.ask(
        inputs,
        "tensors",
        PARAMETERS,
        expect_bytes=size,
    )
    for name, got in zip(PARAMETERS, answer.tensors, strict=True):
        wanted, shape = tuple(parameters[name].shape), tuple(got.shape)
        judge.require(shape == wanted, f"{name} has the shape {shape} and should have {wanted}")
        judge.require(bool(got.isfinite().all()), f"{name} holds inf or nan after training")
    return dict(zip(PARAMETERS, answer.tensors, strict=True)), answer.cpu_seconds


def _side_by_side(
    judge: Judge,
    data: tuple[Tensor, Tensor],
    parameters: Mapping[str, Tensor],
    seed: int,
    plan: Mapping[str, int],
) -> tuple[dict[str, Tensor], Mapping[str, Tensor]]:
    """Return what the submission's loop and the reference make of the same run."""
    right = training.known_run(data, parameters, seed, **plan)
    return trained_by(judge, data, parameters, seed, plan), right.trained


def trajectory(judge: Judge, splits: Splits, seed: str) -> None:
    """Follow the first steps: the same minibatches must give the same parameters."""
    parameters = training.start(seed, "trajectory")
    trained, right = _side_by_side(judge, splits.train, parameters, 5, FOLLOWS)
    name, fraction = training.off_course(parameters, trained, right)
    judge.within(
        "distance from the reference trajectory",
        fraction,
        TRAJECTORY_BOUND,
        f"after {FOLLOWS['steps']} steps {name} has not moved as it does with autograd. Are the "
        "minibatches drawn as documented, is every gradient computed anew in every step, and does "
        "the learning rate change at decay_at?",
    )


def learning(
    judge: Judge,
    splits: Splits,
    seed: str,
    course: Catalogue,
    corpus: str,
    *,
    curve: bool = False,
) -> None:
    """Judge what was learnt, whichever minibatches were drawn: the direction, then the loss.

    curve: keep the losses of shorter runs, too, which are shown and not judged.
    """
    parameters = training.start(seed, "learning")
    plan = {key: int(course.training[key]) for key in ("steps", "batch_size", "decay_at")}
    if curve and judge.draws:
        judge.record.curve = _early_losses(judge, splits, parameters, 7, plan)
    _direction(judge, splits, parameters)
    trained = trained_by(judge, splits.train, parameters, 7, plan)
    loss = training.validation_loss(trained, splits)
    if curve and judge.draws:
        judge.record.curve[plan["steps"]] = round(loss, 4) if math.isfinite(loss) else None
    threshold = float(course.training["loss"][corpus]["threshold"])
    judge.within("loss", loss, threshold, f"on the validation split after {plan['steps']} steps")


def _direction(judge: Judge, splits: Splits, parameters: Mapping[str, Tensor]) -> None:
    """Check that the parameters move as with autograd, whichever minibatches were drawn."""
    # Who draws as documented shows it in smaller batches. A notebook may have its size in several
    # places: it is not asked for another.
    plan = FOLLOWS if judge.examination.is_flat(judge.task) else FOLLOWS_TOO
    trained, right = _side_by_side(judge, splits.train, parameters, 6, plan)
    if training.off_course(parameters, trained, right)[1] <= TRAJECTORY_BOUND:
        return
    # In a batch this large every draw has almost the same gradient, so the order does not matter.
    trained, right = _side_by_side(judge, splits.train, parameters, 6, FLOWS)
    name, fraction = training.off_course(parameters, trained, right)
    judge.within(
        "distance from the mean trajectory",
        fraction,
        FLOW_BOUND,
        f"with batches of {FLOWS['batch_size']}, where the draw hardly matters, {name} still does "
        "not move as it does with autograd",
    )


def _early_losses(
    judge: Judge,
    splits: Splits,
    parameters: Mapping[str, Tensor],
    seed: int,
    plan: Mapping[str, int],
) -> dict[int, float | None]:
    """Return the loss after each of several shorter runs, up to the first without an answer."""
    losses: dict[int, float | None] = {}
    size = sum(value.numel() * value.element_size() for value in parameters.values())
    for steps in training.EARLY:
        inputs = training.inputs(splits.train, parameters, seed, **{**plan, "steps": steps})
        answer = judge.attempt(inputs, PARAMETERS, size)
        trained = dict(zip(PARAMETERS, answer or (), strict=bool(answer)))
        if [value.shape for value in trained.values()] != [p.shape for p in parameters.values()]:
            break
        loss = training.rough_loss(trained, splits)
        losses[steps] = round(loss, 4) if math.isfinite(loss) else None
    return losses


def calibration(judge: Judge, X: Tensor, seed: str) -> None:
    """Compare the mean and the variance over a data set X (N, block_size)."""
    parameters = training.start(seed, "calibration")
    inputs = {"X": X, **{name: parameters[name] for name in ("C", "W1", "b1")}}
    names = ("bnmean", "bnvar")
    answered = judge.put(dict(inputs), "tensors", names)
    right = ex4_training.calibrate_batchnorm(**wide(inputs))
    rounded = ex4_training.calibrate_batchnorm(**inputs)
    for name, got, value, value32 in zip(names, answered().tensors, right, rounded, strict=True):
        judge.matches(name, got, value, value32)


def _calibrated(splits: Splits, seed: str, label: str) -> dict[str, Tensor]:
    """Return parameters with statistics; every eighth unit varies little: epsilon matters."""
    parameters = training.start(seed, label)
    parameters["W1"][:, ::8] *= 1e-2
    first = (parameters[name] for name in ("C", "W1", "b1"))
    mean, var = ex4_training.calibrate_batchnorm(splits.train[0][:ENOUGH], *first)
    return {**parameters, "bnmean": mean, "bnvar": var}


def evaluation(judge: Judge, splits: Splits, data: tuple[Tensor, Tensor], seed: str) -> None:
    """Compare the loss of a data set."""
    inputs = {"X": data[0], "Y": data[1], **_calibrated(splits, seed, "evaluation")}
    answered = judge.put(dict(inputs), "scalar", ("loss",))
    right = ex4_training.evaluate(**wide(inputs))
    rounded = ex4_training.evaluate(**inputs)
    loss = answered().tensors[0]
    judge.require(loss.numel() == 1, f"a loss is one number; this has {loss.numel()}")
    judge.matches("loss", loss.reshape(()), right, rounded)


def sampling(judge: Judge, splits: Splits, seed: str, draws: int) -> None:
    """Compare sampled names with those that the documented draws give."""
    from grader.corpus import ALPHABET

    inputs = _calibrated(splits, seed, "sampling")
    plain = {"count": 12, "block_size": splits.train[0].shape[1], "alphabet": ALPHABET}
    given: dict[str, Value] = {**inputs, **plain, "generator": Seeded(draws)}  # type: ignore[dict-item]
    answered = judge.put(given, "texts")
    generator = Generator().manual_seed(draws)
    right = ex4_training.sample(**inputs, **plain, generator=generator)  # type: ignore[arg-type]
    answer = answered()
    found = f"there are {len(answer.texts)} names and {len(right)} were asked for"
    judge.require(len(answer.texts) == len(right), found)
    for number, (got, wanted) in enumerate(zip(answer.texts, right, strict=True)):
        told = f"name {number} is '{got[:40]}'; the documented draws give '{wanted[:40]}'"
        judge.require(got == wanted, told)


# Exercise 5


def numerical_gradient(judge: Judge, seed: str, shape: Sequence[int]) -> None:
    """Compare with the central difference itself: its error is part of the right answer.

    f is sum(a x^3 + b x^2 + c x) + (b . x)(c . x). With a step of 1e-2 its central difference is
    off by a * step^2, which tells it from a forward difference, from a float32 computation and from
    a derivative found in another way. The product tells whether one entry moves at a time.
    """
    generator = generator_for(seed, f"numerical {shape}")
    a, b, c, x = (torch.randn(tuple(shape), generator=generator) for _ in range(4))
    inputs: dict[str, Value] = {"f": Cubic((a, b, c)), "x": x, "step": 1e-2}
    answer = judge.ask(inputs)
    a, b, c, x = (tensor.double() for tensor in (a, b, c, x))
    product = b * (c * x).sum() + c * (b * x).sum()
    right = 3 * a * x**2 + 2 * b * x + c + product + a * 1e-4
    judge.require("x" not in answer.changed, "x was changed: the next check would start elsewhere")
    got = str(answer.tensors[0].dtype).removeprefix("torch.")
    judge.require(got == "float64", f"the gradient is {got}: compute and return it in float64")
    judge.matches("gradient", answer.tensors[0], right, right.float(), bound=1e-7)


def clipping(judge: Judge, seed: str) -> None:
    """Compare clipped gradients, with outliers that must go on pulling, and below the limit."""
    generator = generator_for(seed, "clipping")
    shapes = ((7, 5), (5,), (3, 2, 4))
    small = [torch.randn(shape, generator=generator) * 1e-2 for shape in shapes]
    outliers = [gradient.clone() for gradient in small]
    outliers[0][2, 3], outliers[2][1, 0, 2] = 1e3, -4e2
    for what, gradients, limit in (("outliers", outliers, 2.5), ("small ones", small, 5.0)):
        names = [f"gradient {index} with {what}" for index in range(len(shapes))]
        inputs: dict[str, Value] = {"gradients": gradients, "max_norm": limit}
        answer = judge.ask(inputs, "tensors", names)
        right = ex5_leaky_abstraction.clip_gradients([g.double() for g in gradients], limit)
        rounded = ex5_leaky_abstraction.clip_gradients(gradients, limit)
        for name, got, value, value32 in zip(names, answer.tensors, right, rounded, strict=True):
            judge.matches(name, got, value, value32)
        judge.require(not answer.changed, f"{', '.join(answer.changed)} was changed in place")


def saturation(judge: Judge, seed: str, n: int, hidden: int) -> None:
    """Compare the fractions of saturated entries and of dead neurons, which are made to exist."""
    generator = generator_for(seed, f"saturation {n}")
    preact = torch.randn(n, hidden, generator=generator) * 2.0
    preact[:, 0] = 5.0 * preact[:, 0].sign()  # dead, on both sides of zero
    preact[:, 1], preact[0, 1] = -6.0, 0.1  # saturated on every example but one
    threshold = 31 / 32
    h = preact.tanh()
    h[0, 2], h[1, 3] = threshold, -threshold  # at the threshold, which is not beyond it
    inputs: dict[str, Value] = {"h": h, "threshold": threshold}
    names = ("saturated fraction", "dead fraction")
    answer = judge.ask(inputs, "scalar", names)
    right = ex5_leaky_abstraction.saturation(h, threshold)
    for name, got, value in zip(names, answer.tensors, right, strict=True):
        judge.require(got.numel() == 1, f"the {name} is one number; this has {got.numel()}")
        judge.matches(name, got.reshape(()), value.double(), value.float())
