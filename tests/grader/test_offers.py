"""What is on offer to a task: never its answer, nor a part of the way to it."""

from __future__ import annotations

import pytest
from torch import Tensor

from grader import cases, reference
from grader.cases import Case
from grader.course import catalogue, forward
from grader.course.catalogue import Task
from grader.course.vocabulary import FLAT_EXERCISES

BASE = forward.spec(forward.BASE)
GRADIENTS = [task for task in catalogue.course().tasks if forward.tensor_of(task)]
FLAT = [task for task in GRADIENTS if task.exercise.key in FLAT_EXERCISES]
FUSED = [task for task in FLAT if task.exercise.key != forward.BASE]
NAMES = {
    f"d{name}"
    for exercise in catalogue.course().exercises
    for name in forward.tensors_of(exercise.key)
}


def case_of(task: Task) -> Case:
    """Return a case with random upstream gradients."""
    return cases.draw(task.exercise.key, "offers", "random")


def cases_of(task: Task) -> list[Case]:
    """Return a case with random upstream gradients, true chains, and the lecture's batch."""
    key = task.exercise.key
    lecture = cases.lecture(key, cases.splits_of("names").train)
    return [case_of(task), cases.true_chain(key, "offers", "chain"), lecture]


def computed_from(gradient: str) -> set[str]:
    """Return the gradients of the network that are computed from one of them, itself included."""
    order = [*reversed(BASE.lines), *(n for n in forward.tensors_of(forward.BASE))]
    found = {gradient}
    for name in order:
        if any(f"d{line.makes}" in found for line in BASE.readers(name)):
            found.add(f"d{name}")
    return found


@pytest.mark.parametrize("task", GRADIENTS, ids=lambda task: task.full_name)
def test_a_function_is_offered_the_upstream_gradients_of_its_own_lines_alone(task):
    """Of all gradients it may ask for those that arrive at its tensor, and gets no other."""
    offered = NAMES & {*forward.offers(task)}
    assert set(forward.upstream_names(task)) == offered
    assert offered == NAMES & case_of(task).inputs(task).keys()


@pytest.mark.parametrize("task", FLAT, ids=lambda task: task.full_name)
def test_a_line_is_given_nothing_that_is_computed_from_its_answer(task):
    """From a later gradient of the backward pass the answer could be found backwards."""
    case = case_of(task)
    later = computed_from(task.name)
    given = NAMES & case.flat_inputs(task).keys()
    assert set() == given & later
    assert set(forward.upstream_names(task)) <= given


@pytest.mark.parametrize("task", FUSED, ids=lambda task: task.full_name)
def test_a_formula_for_several_lines_is_given_nothing_of_the_way(task):
    """Whatever is computed from the upstream gradient is a part of the answer."""
    case = case_of(task)
    upstream = set(forward.upstream_names(task))
    way = set().union(*(computed_from(name) for name in upstream)) - upstream
    assert task.name in way
    assert set() == way & case.flat_inputs(task).keys()


def test_the_way_of_batch_norm_and_of_cross_entropy():
    """The gradients that exercise 1 computes between the two ends of a formula are withheld."""
    by_name = {task.full_name: task for task in FUSED}
    inside = "dbnraw dbnvar_inv dbnvar dbndiff2 dbndiff dbnmeani dbngain dbnbias".split()
    assert set(inside) <= forward.withheld(by_name["ex3.dhprebn"])
    assert "dhpreact" not in forward.withheld(by_name["ex3.dhprebn"])
    inside = "dlogprobs dprobs dcounts_sum_inv dcounts_sum dcounts dnorm_logits dlogit_maxes"
    assert set(inside.split()) <= forward.withheld(by_name["ex2.dlogits"])


@pytest.mark.parametrize("task", GRADIENTS, ids=lambda task: task.full_name)
def test_no_task_is_solved_by_returning_what_it_is_given(task):
    """No tensor on offer is the answer in another shape, but where the line itself does no more
    than change the shape; then it is the upstream gradient, as it must be.
    """
    for case in cases_of(task):
        right = reference.gradient(task, case).value.flatten()
        given = case.inputs(task)
        if task in FLAT:
            given = {**given, **case.flat_inputs(task)}
        equal = {name for name, value in given.items() if same(value, right)}
        allowed = forward.upstream_names(task) if reference.may_alias(task, case) else ()
        if not vanishes(task, case):
            assert set(allowed) == equal


def same(value: object, right: Tensor) -> bool:
    """Tell whether an input is the right answer, or minus it, but for its shape and rounding."""
    if not isinstance(value, Tensor) or value.numel() != right.numel():
        return False
    flat, unit = value.flatten().double(), right.abs().max().item()
    return any(bool((flat - sign * right).abs().max() <= 1e-5 * unit) for sign in (1, -1))


def vanishes(task: Task, case: Case) -> bool:
    """Tell whether the task's gradient, or one that it is summed with, is nothing but rounding."""
    found = reference.gradient(task, case)
    parts = [case.upstream[name].abs().max().item() for name in forward.upstream_names(task)]
    return found.unit > found.value.abs().max().item() or min(parts) < 1e-6 * max(parts)
