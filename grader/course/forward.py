"""What follows from the forward lines: readers, offers, upstream gradients, texts.

A module of forward lines is read once; everything that the course knows about a task is derived
here from the functions themselves.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from grader.course import catalogue, network
from grader.course.catalogue import Exercise, Task

BASE = "ex1"
"""The exercise whose lines are the whole network; every other exercise builds on its tensors."""


@dataclass(frozen=True)
class Line:
    """One line of the forward pass: `makes` one tensor out of those it `reads`."""

    makes: str
    reads: tuple[str, ...]
    function: Callable[..., Tensor]

    def __call__(self, tensors: Mapping[str, Tensor]) -> Tensor:
        """Run the line on a mapping that holds what it reads."""
        return self.function(*(tensors[name] for name in self.reads))

    @property
    def is_root(self) -> bool:
        """Tell whether the backward pass starts here, with an upstream gradient of exactly 1."""
        return self.makes == "loss"

    @property
    def text(self) -> str:
        """Return the line as it would stand in a script, `probs = counts * counts_sum_inv`."""
        source = textwrap.dedent(inspect.getsource(self.function))
        definition = ast.parse(source).body[0]
        assert isinstance(definition, ast.FunctionDef)
        *before, last = definition.body[1:]
        assert isinstance(last, ast.Return)
        assert last.value is not None
        lines = [ast.get_source_segment(source, statement) or "" for statement in before]
        made = ast.get_source_segment(source, last.value)
        return "\n".join([*lines, f"{self.makes} = {made}"])


@dataclass(frozen=True)
class Spec:
    """One exercise, as its module defines it."""

    exercise: Exercise
    lines: Mapping[str, Line]
    procedures: Mapping[str, Callable[..., Any]]
    other_subgradients: Mapping[str, Callable[..., Tensor]]

    def readers(self, tensor: str) -> tuple[Line, ...]:
        """Return the lines that read a tensor; its gradient is the sum over them."""
        return tuple(line for line in self.lines.values() if tensor in line.reads)


def _functions(module: ModuleType) -> dict[str, Callable[..., Any]]:
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }


@functools.cache
def spec(key: str) -> Spec:
    """Return the specification of an exercise, by its key. A function that is itself a task is a
    procedure; every other function is a forward line.
    """
    course = catalogue.course()
    exercise = next(exercise for exercise in course.exercises if exercise.key == key)
    module = importlib.import_module(f"grader.course.{exercise.module}")
    named = {task.name for task in course.of_exercise(key)}
    functions = _functions(module)
    lines = {
        name: Line(name, tuple(inspect.signature(function).parameters), function)
        for name, function in functions.items()
        if name not in named
    }
    procedures = {name: function for name, function in functions.items() if name in named}
    return Spec(exercise, lines, procedures, getattr(module, "OTHER_SUBGRADIENTS", {}))


@functools.cache
def tensor_of(task: Task) -> str | None:
    """Return the tensor whose gradient the task asks for, or None if the task is a procedure.

    Raises ValueError if no forward line of the exercise reads such a tensor.
    """
    own = spec(task.exercise.key)
    if task.name in own.procedures:
        return None
    tensor = task.name.removeprefix("d")
    if not task.name.startswith("d") or not own.readers(tensor):
        module = task.exercise.module
        raise ValueError(f"task '{task.full_name}': no line of {module} reads '{tensor}'")
    return tensor


@functools.cache
def readers(task: Task) -> tuple[Line, ...]:
    """Return the lines through which the task's tensor reaches the loss."""
    tensor = tensor_of(task)
    return spec(task.exercise.key).readers(tensor) if tensor else ()


@functools.cache
def upstream_names(task: Task) -> tuple[str, ...]:
    """Return the names of the upstream gradients on offer: those of the task's readers."""
    return tuple(f"d{line.makes}" for line in readers(task))


@functools.cache
def tensors_of(key: str) -> tuple[str, ...]:
    """Return the names of all tensors of an exercise: leaves first, then the lines' own."""
    own, base = spec(key).lines, spec(BASE).lines
    made = list(dict.fromkeys([*base, *own]))
    read = [name for line in (*base.values(), *own.values()) for name in line.reads]
    return (*dict.fromkeys(name for name in read if name not in made), *made)


@functools.cache
def offers(task: Task) -> tuple[str, ...]:
    """Return every name that a function for this task may ask for."""
    key = task.exercise.key
    if task.name in spec(key).procedures:
        return tuple(inspect.signature(spec(key).procedures[task.name]).parameters)
    return (*upstream_names(task), *tensors_of(key), *network.Sizes().on_offer())


@functools.cache
def withheld(task: Task) -> frozenset[str]:
    """Return the gradients that an answer to a task must not be given: its own, and those that are
    computed from it, because from them it could be found backwards.

    A task whose line stands for several lines of the network must not be given anything that is
    computed from its upstream gradients either: that is a part of the way.
    """
    key = task.exercise.key
    lines = [*spec(BASE).lines.values(), *(spec(key).lines.values() if key != BASE else ())]
    reached = {task.name.removeprefix("d")}
    if key != BASE:
        reached |= {line.makes for line in readers(task)}
    names = {task.name}
    for line in reversed(lines):
        if line.makes in reached:
            reached |= set(line.reads)
            names |= {f"d{name}" for name in line.reads}
    return frozenset(names)


def depends_on(task: Task) -> tuple[str, ...]:
    """Return the full names of the tasks whose answers are this task's upstream gradients."""
    names = {other.full_name for other in catalogue.course().tasks}
    wanted = (f"{task.exercise.key}.{name}" for name in upstream_names(task))
    return tuple(name for name in wanted if name in names)


def run(
    key: str,
    leaves: Mapping[str, Tensor],
    edits: Mapping[str, Callable[[Tensor], Tensor]] | None = None,
) -> dict[str, Tensor]:
    """Run the forward pass of an exercise over the leaves and return every tensor by name.

    `edits` replaces the output of a line by a function of it, and what follows is computed from
    the replacement: that is how a case gets ties or extreme logits.
    """
    edits = edits or {}
    tensors = dict(leaves)
    own = spec(key).lines
    lines = {**spec(BASE).lines, **{name: own[name] for name in own if name not in tensors}}
    for name, line in lines.items():
        made = line(tensors)
        tensors[name] = edits[name](made) if name in edits else made
    return tensors


def vjp(
    lines: tuple[Line, ...],
    tensor: str,
    tensors: Mapping[str, Tensor],
    upstream: Mapping[str, Tensor],
    instead: Mapping[str, Callable[..., Tensor]] | None = None,
) -> Tensor:
    """Vector-Jacobian product: the gradient of `tensor` through `lines`, by autograd.

    Every other input is a constant; `upstream` holds `d<line>` for each line. `instead` runs other
    functions in place of lines of that name. The result has the dtype and shape of `tensor`.
    """
    with torch.enable_grad():
        leaf = tensors[tensor].detach().clone().requires_grad_()
        total = torch.zeros((), dtype=leaf.dtype)
        for line in lines:
            inputs = {**{name: tensors[name] for name in line.reads}, tensor: leaf}
            function = (instead or {}).get(line.makes, line.function)
            made = function(*(inputs[name] for name in line.reads))
            # A scalar needs no `grad_outputs`, whose first use would import sympy for 0.3 s.
            total = total + (made * upstream[f"d{line.makes}"]).sum()
        (gradient,) = torch.autograd.grad(total, leaf)
    return gradient


def chain(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the true gradients `d<tensor>` of every floating tensor, from the loss down."""
    base = spec(BASE)
    gradients = {"dloss": torch.ones((), dtype=tensors["loss"].dtype)}
    made = [name for name in reversed(list(base.lines)) if name != "loss"]
    for name in (*made, *(name for name in tensors_of(BASE) if name not in base.lines)):
        if tensors[name].is_floating_point():
            gradients[f"d{name}"] = vjp(base.readers(name), name, tensors, gradients)
    return gradients
