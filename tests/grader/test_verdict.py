"""Verdicts: how an answer stands to its reference, whatever their scale."""

# The expected value comes first in a comparison.
# ruff: noqa: SIM300

from __future__ import annotations

import json
import math

import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from grader import cases, reference, verdict
from grader.course import catalogue
from grader.reference import Reference
from grader.verdict import Kind, Worst

LAW = settings(deadline=None, derandomize=True, database=None)
COURSE = catalogue.course()
BOUND = COURSE.bound

entries = st.floats(-1e6, 1e6, allow_subnormal=False, width=32)
shapes = st.lists(st.integers(1, 4), max_size=3).map(tuple)
powers = st.integers(-40, 40)


@st.composite
def values(draw: st.DrawFn) -> Tensor:
    """Draw a float64 tensor whose largest entry is not 0."""
    shape = draw(shapes)
    count = math.prod(shape)
    listed = draw(st.lists(entries, min_size=count, max_size=count))
    assume(any(abs(entry) > 1e-20 for entry in listed))
    return torch.tensor(listed, dtype=torch.float64).reshape(shape)


def against(value: Tensor, *others: Tensor, float32: Tensor | None = None) -> Reference:
    """Return a reference of a float64 value."""
    rounded = value.float() if float32 is None else float32
    return Reference(value, others, reference.unit_of(value, rounded), rounded)


THREE = torch.tensor([[1.0, -2.0, 4.0]], dtype=torch.float64)


def test_the_same_bits_are_exact() -> None:
    """The numbers of float32 autograd, bit for bit, are exact and approximate, without error."""
    found = verdict.compare(THREE.float(), against(THREE), BOUND)

    assert Kind.EXACT == found.kind
    assert (0.0, 0.0, True, True) == (found.error, found.max_abs, found.exact, found.approx)
    assert ((1, 3), (1, 3), "float32") == (found.shape, found.expected_shape, found.dtype)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_the_same_numbers_of_another_dtype_are_within_noise(dtype: torch.dtype) -> None:
    """Right numbers in another floating dtype are right, and not the lecture's bit for bit."""
    found = verdict.compare(THREE.to(dtype), against(THREE), BOUND)

    assert (Kind.NOISE, 0.0, False) == (found.kind, found.error, found.exact)


def test_rounding_is_within_noise() -> None:
    """An error in the last bits is noise: measured, told, and right."""
    answer = THREE.float() * (1 + 2**-22)
    found = verdict.compare(answer, against(THREE), BOUND)

    assert Kind.NOISE == found.kind
    assert found.kind.right
    assert (False, True) == (found.exact, found.approx)
    assert (2**-20, 2**-22) == (found.max_abs, found.error)


def test_error_is_in_units_of_the_largest_entry() -> None:
    """The figure of error is the largest difference over the largest entry of the reference."""
    answer = THREE + torch.tensor([0.0, 0.5, 0.25])
    found = verdict.compare(answer, against(THREE), BOUND)

    assert (Kind.WRONG, 0.5, 0.125) == (found.kind, found.max_abs, found.error)
    assert Worst((0, 1), -1.5, -2.0) == found.worst


def test_the_bound_itself_is_still_noise() -> None:
    """An error of exactly the bound is right, and more is wrong."""
    value = torch.tensor([1.0, 0.0], dtype=torch.float64)
    at, beyond = torch.tensor([[1, 2**-10], [1, 2**-9]], dtype=torch.float64)

    kinds = [verdict.compare(answer, against(value), 2**-10).kind for answer in (at, beyond)]
    assert [Kind.NOISE, Kind.WRONG] == kinds


@pytest.mark.parametrize("shape", [(3,), (3, 1), (1, 1, 3)])
def test_a_shape_off_by_ones_is_told_apart(shape: tuple[int, ...]) -> None:
    """Right numbers whose shape differs by size-1 dimensions only are judged `shape`."""
    found = verdict.compare(THREE.float().reshape(shape), against(THREE), BOUND)

    assert (Kind.SHAPE, 0.0) == (found.kind, found.error)
    assert (shape, (1, 3)) == (found.shape, found.expected_shape)
    assert not found.kind.right


def test_wrong_numbers_in_a_wrong_shape_are_wrong() -> None:
    """A shape off by ones is no excuse for wrong numbers."""
    assert Kind.WRONG == verdict.compare(-THREE.reshape(3), against(THREE), BOUND).kind


@pytest.mark.parametrize("shape", [(), (4,), (3, 3), (1, 2), (0,), (0, 3), (1, 3, 2)])
def test_another_number_of_entries_is_wrong(shape: tuple[int, ...]) -> None:
    """An answer that cannot be laid over the reference is wrong by an infinite amount."""
    found = verdict.compare(torch.zeros(shape), against(THREE), BOUND)

    assert (Kind.WRONG, math.inf, math.inf) == (found.kind, found.error, found.max_abs)
    assert "the number of entries is wrong" == found.note
    assert found.worst is None


def test_a_transposed_answer_is_wrong() -> None:
    """The same entries in another order of dimensions are wrong."""
    value = torch.arange(6, dtype=torch.float64).reshape(2, 3)

    assert Kind.WRONG == verdict.compare(value.T, against(value), BOUND).kind


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8, torch.bool])
def test_integers_are_wrong(dtype: torch.dtype) -> None:
    """An answer of an integer dtype is wrong even where its numbers are right."""
    ones = torch.ones(2, dtype=torch.float64)
    found = verdict.compare(ones.to(dtype), against(ones), BOUND)

    name = str(dtype).removeprefix("torch.")
    assert (Kind.WRONG, name) == (found.kind, found.dtype)
    assert f"dtype is {name}; a gradient has a floating dtype" == found.note


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ([math.nan], "1 of 3 entries are nan or not finite"),
        ([math.inf], "1 of 3 entries are inf or not finite"),
        ([-math.inf, math.inf], "2 of 3 entries are inf or not finite"),
        ([math.nan, math.inf, -math.inf], "3 of 3 entries are nan or not finite"),
    ],
)
def test_what_is_not_finite_is_wrong(bad: list[float], told: str) -> None:
    """One NaN or infinity among right numbers makes the answer wrong and is counted."""
    answer = THREE.clone()
    answer[0, : len(bad)] = torch.tensor(bad)
    found = verdict.compare(answer, against(THREE), BOUND)

    assert (Kind.WRONG, math.inf, told) == (found.kind, found.error, found.note)
    assert found.worst is not None
    assert (0, 0) == found.worst.index


def test_an_overflow_of_half_precision_is_wrong() -> None:
    """Numbers that a narrow dtype cannot hold have become infinite and are wrong."""
    value = torch.tensor([1e5, 1.0], dtype=torch.float64)

    assert Kind.WRONG == verdict.compare(value.half(), against(value), BOUND).kind


def test_a_leaf_is_judged_by_its_numbers() -> None:
    """An answer that requires a gradient is compared like any other."""
    answer = THREE.float().requires_grad_()

    assert Kind.EXACT == verdict.compare(answer, against(THREE), BOUND).kind


def test_a_reference_of_zeros_is_met_by_zeros_alone() -> None:
    """Where the gradient is 0 throughout, zeros are exact and anything else is wrong."""
    zeros = torch.zeros(2, dtype=torch.float64)

    assert Kind.EXACT == verdict.compare(zeros.float(), against(zeros), BOUND).kind
    found = verdict.compare(zeros + 1e-30, against(zeros), BOUND)
    assert (Kind.WRONG, math.inf) == (found.kind, found.error)


def test_where_terms_cancel_the_unit_grows() -> None:
    """Where what is left of large terms is rounding, rounding of another kind is right."""
    value = torch.tensor([3e-9, -1e-9], dtype=torch.float64)
    rounded = torch.tensor([2e-8, 5e-9])
    cancelled = against(value, float32=rounded)

    assert cancelled.unit > value.abs().max()
    assert Kind.EXACT == verdict.compare(rounded, cancelled, BOUND).kind
    assert Kind.NOISE == verdict.compare(-rounded, cancelled, BOUND).kind
    assert Kind.WRONG == verdict.compare(rounded + 1e-3, cancelled, BOUND).kind


def test_float32_autograd_is_always_right() -> None:
    """The unit is such that autograd's own float32 answer passes on every gradient of a case."""
    case = cases.draw("ex1", "verdict", "float32")
    kinds = {}
    for task in COURSE.of_exercise("ex1"):
        expected = reference.gradient(task, case)
        kinds[task.name] = verdict.compare(expected.float32, expected, BOUND).kind

    assert dict.fromkeys(kinds, Kind.EXACT) == kinds


def test_either_subgradient_is_right_at_ties() -> None:
    """Where a row has its maximum twice, the first place and an even split are both right."""

    def tied(logits: Tensor) -> Tensor:
        logits[:, 5] = logits[:, 3] = logits.amax(1) + 1.0
        return logits

    case = cases.draw("ex1", "verdict", "ties", edits={"logits": tied})
    expected = reference.gradient(COURSE.resolve("ex1.dlogits"), case)
    upstream, direct = case.upstream["dlogit_maxes"], case.upstream["dnorm_logits"]

    def sent(left: float, right: float) -> Kind:
        share = torch.zeros_like(case.tensors["logits"])
        share[:, 3], share[:, 5] = left, right
        return verdict.compare(direct + share * upstream, expected, BOUND).kind

    assert len(expected.others) == 1
    kinds = [sent(1.0, 0.0), sent(0.5, 0.5), sent(0.0, 0.0), sent(1.0, 1.0)]
    assert [True, True, False, False] == [kind.right for kind in kinds]


def test_alternatives_are_not_mixed() -> None:
    """An answer is measured against the nearest right answer as a whole."""
    one, other = torch.eye(2, dtype=torch.float64)
    expected = against(one, other)

    kinds = [verdict.compare(x, expected, BOUND).kind for x in (one, other, one + other)]
    assert [Kind.NOISE, Kind.NOISE, Kind.WRONG] == kinds


def test_a_verdict_is_plain_data() -> None:
    """A verdict can be written as JSON, with nothing in place of what is not finite."""
    plain = verdict.compare(torch.zeros(4), against(THREE), BOUND).as_dict()

    assert (None, None, "wrong") == (plain["error"], plain["max_abs"], plain["kind"])
    assert plain["expected_shape"] == (1, 3)
    assert json.dumps(plain, allow_nan=False)


@LAW
@given(values(), powers)
@example(torch.tensor([1e-20], dtype=torch.float64), 0)
def test_zeros_never_pass(value: Tensor, power: int) -> None:
    """Zeros are wrong by exactly one unit against every reference that is not zero."""
    value = value * 2.0**power
    found = verdict.compare(torch.zeros(value.shape), against(value), BOUND)

    assert (Kind.WRONG, 1.0) == (found.kind, found.error)


@LAW
@given(values(), st.integers(0, 2**31), powers)
def test_error_does_not_depend_on_scale(value: Tensor, seed: int, power: int) -> None:
    """Scaling answer and reference together changes neither the error nor the kind."""
    noise = torch.randn(value.shape, generator=torch.Generator().manual_seed(seed))
    answer = value + noise.double() * value.abs().max() * 10.0 ** -(seed % 9)
    scale = 2.0**power
    here = verdict.compare(answer, against(value), BOUND)
    there = verdict.compare(answer * scale, against(value * scale), BOUND)

    assert (here.kind, here.error) == (there.kind, there.error)
    assert here.max_abs * scale == there.max_abs


@LAW
@given(values())
def test_a_right_answer_is_right(value: Tensor) -> None:
    """The reference itself, in float64 or rounded to float32, is right."""
    assert Kind.EXACT == verdict.compare(value.float(), against(value), BOUND).kind
    assert verdict.compare(value, against(value), BOUND).kind.right


@LAW
@given(values(), st.sampled_from([-1.0, 2.0, 0.5, 1.001]))
def test_a_wrong_factor_is_wrong(value: Tensor, factor: float) -> None:
    """A wrong sign or factor is wrong, by the difference of the factors."""
    found = verdict.compare(value * factor, against(value), BOUND)

    assert Kind.WRONG == found.kind
    assert math.isclose(abs(factor - 1), found.error, rel_tol=1e-9)


@LAW
@given(values(), st.integers(0, 2))
def test_ones_in_the_shape_do_not_change_the_error(value: Tensor, place: int) -> None:
    """An additional dimension of size 1 makes the kind `shape` and leaves the figures alone."""
    answer = (value * (1 + 1e-7)).unsqueeze(min(place, value.dim()))
    plain = verdict.compare(answer.reshape(value.shape), against(value), BOUND)
    found = verdict.compare(answer, against(value), BOUND)

    assert (Kind.SHAPE, plain.error) == (found.kind, found.error)
