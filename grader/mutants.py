"""Mutants of the reference solutions: each has one small change, and the checks must catch it.

The bank of misconceptions holds the wrong formulas that somebody thought of. Mutants are wrong in
ways that nobody thought of: operators take the syntax trees of the solutions and change an axis, a
sign, a name. A mutant that passes every check is either right, or it shows a hole in the checks.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
import functools
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from grader import laws
from grader.cases import Case
from grader.course import catalogue
from grader.course.catalogue import Task
from grader.course.misconceptions import Misconception
from grader.course.network import Sizes
from grader.examiner import Asked
from grader.givens import Givens
from grader.in_process import InProcess
from grader.judge import CheckFailed, Judge, Record
from grader.options import ROOT
from grader.question import TENSOR, Answer, Value, Wanted
from grader.sandbox.guest.values import padded as lay_out
from grader.sandbox.host.reply import Outcome
from grader.verdict import Verdict

SKIPPED = frozenset({"ex4.train", "ex5.train_fast"})
"""Their checks train networks, and broken loops have tests of their own."""

TURNS = 5000
"""Turns that the `while` loops of a mutant may take together; the solutions take some hundreds."""


@dataclass(frozen=True)
class Mutant:
    """A function of the solutions with one change: `change` tells the lines before and after."""

    id: str
    task: Task
    change: str
    source: str
    module: ast.Module = field(repr=False, compare=False)

    @property
    def operator(self) -> str:
        """Return the name of the operator that made it."""
        return self.id.split("/")[1]

    def function(self) -> Callable[..., Any]:
        """Return the task's function, from the module of solutions with the change in it."""
        bounded = ast.fix_missing_locations(_Bounded().visit(copy.deepcopy(self.module)))
        module = ModuleType(self.id)
        vars(module)["_turns"] = iter(range(TURNS))
        exec(compile(bounded, self.id, "exec"), vars(module))
        made: Callable[..., Any] = vars(module)[self.task.name]
        return made


class _Bounded(ast.NodeTransformer):
    """Ends every `while` loop after so many turns, with an error."""

    def visit_While(self, node: ast.While) -> ast.AST:
        self.generic_visit(node)
        node.body.insert(0, ast.parse("next(_turns)").body[0])
        return node


# Operators: each yields what may stand in the place of a node of a function.

Operator = Callable[[ast.AST, ast.FunctionDef], Iterator[ast.AST]]

SWAPS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add, ast.Mult),
    ast.Mult: (ast.Add, ast.Div, ast.MatMult),
    ast.Div: (ast.Mult, ast.Sub),
    ast.Pow: (ast.Mult, ast.Div),
    ast.MatMult: (ast.Mult, ast.Add),
}
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Gt: (ast.GtE, ast.Lt),
    ast.Eq: (ast.NotEq, ast.LtE),
}
COUNTERPARTS = {
    "sum": ("mean",),
    "mean": ("sum",),
    "max": ("min",),
    "all": ("any",),
    "zeros_like": ("ones_like",),
    "zeros": ("ones",),
    "softmax": ("log_softmax",),
    "tanh": ("sigmoid",),
}
MODULES = ("torch", "functional")

MANY = 4
"""A function with more parameters than this has each name replaced by its neighbours only."""


def swap_operator(node: ast.AST, inside: ast.FunctionDef) -> Iterator[ast.AST]:
    """+ for -, * for / and so on."""
    if isinstance(node, ast.BinOp):
        for other in SWAPS.get(type(node.op), ()):
            yield ast.BinOp(node.left, other(), node.right)
    if isinstance(node, ast.AugAssign):
        for other in SWAPS.get(type(node.op), ()):
            yield ast.AugAssign(node.target, other(), node.value)


def swap_comparison(node: ast.AST, inside: ast.FunctionDef) -> Iterator[ast.AST]:
    """>= for >, != for ==."""
    if isinstance(node, ast.Compare):
        for other in COMPARISONS.get(type(node.ops[0]), ()):
            yield ast.Compare(node.left, [other()], node.comparators)


def drop_term(node: ast.AST, inside: ast.FunctionDef) -> Iterator[ast.AST]:
    """One side of a sum or of a difference."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        minus = isinstance(node.op, ast.Sub)
        yield node.left
        yield ast.UnaryOp(ast.USub(), node.right) if minus else node.right


def drop_factor(node: ast.AST, inside: ast.FunctionDef) -> Iterator[ast.AST]:
    """One side of a product, or the divisor, or the exponent."""
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, (ast.Mult, ast.MatMult, ast.Div, ast.Pow)):
            yield node.left
        if isinstance(node.op, (ast.Mult, ast.MatMult)):
            yield node.right


def negate(node: ast.AST, inside: ast.FunctionDef) -> Iterator[ast.AST]:
    """A minus before what is assigned, returned or added; or the minus that is there, dropped."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    elif isinstance(node, ast.Return) and node.value is not None:
        if isinstance(node.value, ast.Tuple):
            for place, item in enumerate(node.value.elts):
                yield ast.Return(_with_item(node.value, place, _minus(item)))
        else:
            yield ast.Return(_minus(node.value))
    elif isinstance(node, ast.Assign) and not isinstance(node.value, ast.Tuple):
        yield ast.Assign(node.targets, _minus(node.value), lineno=0)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        yield ast.BinOp(_minus(node.left), node.op, node.right)


def change_axis(node: ast.AST, inside: ast.FunctionDef) -> Iterator[ast.AST]:
    """Axis 1 for axis 0 and the other way round; the last axis of a matrix is its axis 1."""
    if isinstance(node, ast.Call):
        for place, item in enumerate(node.args):
            for axis in _other_axes(item):
                changed = [*node.args[:place], axis, *node.args[place + 1 :]]
                yield ast.Call(node.func, changed, node.keywords)
    if isinstance(node, ast.Subscript):
        for axis in _other_axes(node.slice):
            yield ast.Subscript(node.value, axis, node.ctx)


def change_constant(node: ast.AST, inside: ast.FunctionDef) -> Iterator[ast.AST]:
    """One more, one less; for fractions also zero, half and the opposite."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        value = node.value
        assert isinstance(value, (int, float))
        others = [value + 1] if value == 0 else [value + 1, value - 1]
        if isinstance(value, float):
            others += [0.0, value / 2, -value]
        for other in others:
            yield ast.Constant(other)


def change_count(node: ast.AST, inside: ast.FunctionDef) -> Iterator[ast.AST]:
    """n - 1 for n, wherever a number is read from a shape."""
    if isinstance(node, ast.Subscript) and _is_attribute(node.value, "shape"):
        yield ast.BinOp(node, ast.Sub(), ast.Constant(1))
    if isinstance(node, ast.Name) and node.id == "n" and isinstance(node.ctx, ast.Load):
        yield ast.BinOp(node, ast.Sub(), ast.Constant(1))


def write_out(node: ast.AST, inside: ast.FunctionDef) -> Iterator[ast.AST]:
    """The lecture's 32 or 10 for a number that is read from a shape."""
    if isinstance(node, ast.Subscript) and _is_attribute(node.value, "shape"):
        first = isinstance(node.slice, ast.Constant) and node.slice.value == 0
        yield ast.Constant(Sizes().n if first else Sizes().n_embd)


def drop_keyword(node: ast.AST, inside: ast.FunctionDef) -> Iterator[ast.AST]:
    """keepdim, dtype or any other argument that is given by name."""
    if isinstance(node, ast.Call):
        for place in range(len(node.keywords)):
            yield ast.Call(node.func, node.args, _without(node.keywords, place))


def swap_keyword(node: ast.AST, inside: ast.FunctionDef) -> Iterator[ast.AST]:
    """min for max."""
    if isinstance(node, ast.keyword) and node.arg == "max":
        yield ast.keyword("min", node.value)


def drop_call(node: ast.AST, inside: ast.FunctionDef) -> Iterator[ast.AST]:
    """The tensor itself for its sum, its clone, its root, its transpose."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if isinstance(node.func.value, ast.Name) and node.func.value.id in MODULES:
            yield from node.args[:1]
        else:
            yield node.func.value
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value


def swap_call(node: ast.AST, inside: ast.FunctionDef) -> Iterator[ast.AST]:
    """mean for sum, min for max."""
    if isinstance(node, ast.Attribute):
        for other in COUNTERPARTS.get(node.attr, ()):
            yield ast.Attribute(node.value, other, node.ctx)


def swap_arguments(node: ast.AST, inside: ast.FunctionDef) -> Iterator[ast.AST]:
    """Two neighbours of a call, of an index or of what is returned; both sides of - / ** @."""
    if isinstance(node, ast.BinOp) and not isinstance(node.op, (ast.Add, ast.Mult)):
        yield ast.BinOp(node.right, node.op, node.left)
    if isinstance(node, ast.Call):
        for args in _swapped(node.args):
            yield ast.Call(node.func, args, node.keywords)
    if isinstance(node, ast.Tuple):
        for elts in _swapped(node.elts):
            yield ast.Tuple(elts, node.ctx)


def overwrite(node: ast.AST, inside: ast.FunctionDef) -> Iterator[ast.AST]:
    """= for +=, -= and /=."""
    if isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value, lineno=0)


def drop_statement(node: ast.AST, inside: ast.FunctionDef) -> Iterator[ast.AST]:
    """Any statement but a return."""
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr, ast.If, ast.For, ast.Break)):
        yield ast.Pass()


def other_name(node: ast.AST, inside: ast.FunctionDef) -> Iterator[ast.AST]:
    """A parameter in the place of another or of a local variable. Where there are many, a name is
    mistaken only for those beside it, parameters first and locals in the order of their lines.
    """
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        parameters = [argument.arg for argument in inside.args.args]
        names = [*parameters, *_locals(inside)]
        if node.id in names:
            others = parameters
            if len(parameters) > MANY:
                place = names.index(node.id)
                others = names[max(place - 1, 0) : place + 2]
            yield from (ast.Name(name, ast.Load()) for name in others if name != node.id)


def return_input(node: ast.AST, inside: ast.FunctionDef) -> Iterator[ast.AST]:
    """An input as it came."""
    if isinstance(node, ast.Return):
        for argument in inside.args.args:
            yield ast.Return(ast.Name(argument.arg, ast.Load()))


OPERATORS: tuple[Operator, ...] = (
    swap_operator,
    swap_comparison,
    drop_term,
    drop_factor,
    negate,
    change_axis,
    change_constant,
    change_count,
    write_out,
    drop_keyword,
    swap_keyword,
    drop_call,
    swap_call,
    swap_arguments,
    overwrite,
    drop_statement,
    other_name,
    return_input,
)


def _minus(node: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.USub(), node)


def _with_item(node: ast.Tuple, place: int, item: ast.expr) -> ast.Tuple:
    return ast.Tuple([*node.elts[:place], item, *node.elts[place + 1 :]], node.ctx)


def _without(items: list[ast.keyword], place: int) -> list[ast.keyword]:
    return items[:place] + items[place + 1 :]


def _swapped(items: list[ast.expr]) -> Iterator[list[ast.expr]]:
    for place in range(len(items) - 1):
        yield [*items[:place], items[place + 1], items[place], *items[place + 2 :]]


def _other_axes(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        for axis in {0: (1, -1), 1: (0,)}.get(node.value, ()):
            yield ast.Constant(axis)


def _is_attribute(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == name


def _locals(function: ast.FunctionDef) -> list[str]:
    names = (node for node in _body_nodes(function) if isinstance(node, ast.Name))
    return list(dict.fromkeys(name.id for name in names if isinstance(name.ctx, ast.Store)))


# Generation


class _Put(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, place: ast.AST, replacement: ast.AST) -> None:
        self.place, self.replacement = place, replacement

    def visit(self, node: ast.AST) -> Any:
        return self.replacement if node is self.place else self.generic_visit(node)


@functools.cache
def every() -> tuple[Mutant, ...]:
    """Return the mutants of all solutions, in the order of the course."""
    course = catalogue.course()
    return tuple(
        mutant
        for exercise in course.exercises
        for mutant in _of_module(
            (ROOT / "solutions" / exercise.file).read_text(encoding="utf-8"),
            {task.name: task for task in course.of_exercise(exercise.key)},
        )
    )


def _of_module(text: str, tasks: Mapping[str, Task]) -> Iterator[Mutant]:
    module = ast.parse(text)
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef)]
    for function in functions:
        if isinstance(function.body[0], ast.Expr):
            del function.body[0]  # the docstring
    for function in functions:
        task = tasks.get(function.name) or _first_caller(function.name, functions, tasks)
        if task is not None and task.full_name not in SKIPPED:
            yield from of_function(module, function, task)


def _first_caller(
    name: str, functions: Sequence[ast.FunctionDef], tasks: Mapping[str, Task]
) -> Task | None:
    """Return the first task whose function names a helper: its checks judge the helper."""
    for function in functions:
        named = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        if name in named and function.name in tasks:
            return tasks[function.name]
    return None


def of_function(module: ast.Module, function: ast.FunctionDef, task: Task) -> Iterator[Mutant]:
    """Yield the mutants of one function of a module: no two alike, and none like the original."""
    before = ast.unparse(function)
    seen, counted = {before}, Counter[str]()
    for operator in OPERATORS:
        name = operator.__name__.replace("_", "-")
        for place, node in enumerate(_body_nodes(function)):
            for replacement in operator(node, function):
                mutated = copy.deepcopy(function)
                _Put(_body_nodes(mutated)[place], copy.deepcopy(replacement)).visit(mutated)
                source = ast.unparse(ast.fix_missing_locations(mutated))
                if source in seen or not _compiles(source):
                    continue
                seen.add(source)
                counted[name] += 1
                body = [mutated if node is function else node for node in module.body]
                yield Mutant(
                    id=f"{task.exercise.key}.{function.name}/{name}/{counted[name]}",
                    task=task,
                    change=_change(before, source),
                    source=source,
                    module=ast.Module(body, []),
                )


def _body_nodes(function: ast.FunctionDef) -> list[ast.AST]:
    return [node for statement in function.body for node in ast.walk(statement)]


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _change(before: str, after: str) -> str:
    """Return the lines that differ, `old -> new`."""
    old, new = before.splitlines(), after.splitlines()
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return f"{_joined(old)} -> {_joined(new)}"


def _joined(lines: Sequence[str]) -> str:
    return "; ".join(line.strip() for line in lines)


# Trial


class Candidate(InProcess):
    """Answers as a worker does where a mutant goes further astray than a trusted formula would."""

    def ask(
        self,
        task: Task,
        inputs: Mapping[str, Value],
        wanted: Wanted = TENSOR,
        *,
        seconds: float | None = None,
        padded: bool = False,
        twice: bool = False,
        expect_bytes: int = 0,
    ) -> Answer:
        """Call the mutant. What is neither tensor nor text is malformed; no call takes any time."""
        function = _with_views(self.function) if padded else self.function
        try:
            answer = InProcess(self.course, function).ask(task, inputs, wanted, twice=twice)
        except (TypeError, ValueError, RuntimeError) as error:
            return Answer(Outcome.MALFORMED, str(error))
        if not all(isinstance(text, str) for text in answer.texts):
            return Answer(Outcome.MALFORMED, "not a list of strings")
        return dataclasses.replace(answer, cpu_seconds=0.0)


def _with_views(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, given non-contiguous views of wider tensors."""

    @functools.wraps(function)
    def called(**given: Any) -> Any:
        laid = {k: lay_out(v) if isinstance(v, Tensor) else v for k, v in given.items()}
        return function(**laid)

    return called


@dataclass
class Witness(Judge):
    """A judge who goes on to the other cases of a check after one that fails. Only the first
    failure of a mutant is diagnosed, as in a report.
    """

    failed: dict[str, Record] = field(default_factory=dict)
    diagnoses: bool = True

    def _later(self, name: str, step: Callable[[], object]) -> None:
        """Take a step at once, and note its failure under the name of its case."""
        self.record = Record(self.task.full_name)
        try:
            step()
        except CheckFailed:
            self.failed[name] = self.record

    def _wrong(self, case: Case, answer: Answer, found: Verdict) -> None:
        if self.diagnoses and not self.failed:
            super()._wrong(case, answer, found)
        self.fail("failed", "")


@dataclass(frozen=True)
class Fate:
    """What became of a wrong answer: the records of failures, by check and case."""

    of: Mutant | Misconception
    failed: Mapping[str, Record]

    @property
    def mutant(self) -> Mutant:
        """Return the mutant whose fate it is."""
        assert isinstance(self.of, Mutant)
        return self.of

    @property
    def caught(self) -> bool:
        """Tell whether any check failed."""
        return bool(self.failed)

    @property
    def first(self) -> Record:
        """Return the record that a report would show."""
        return next(iter(self.failed.values()))


def failures(task: Task, function: Callable[..., Any], givens: Givens) -> dict[str, Record]:
    """Put a function through all checks of a task, and not only up to the first that fails. Return
    the records of failures, by check and case.
    """
    exam = Candidate(catalogue.course(), function)
    asked: dict[tuple[str, str], Asked] = {}
    failed: dict[str, Record] = {}
    for law in laws.checks_of(task):
        judge = Witness(exam, task, Record(task.full_name), asked, diagnoses=not failed)
        try:
            law.function(judge=judge, **givens.of(law.function, task))
        except CheckFailed:
            judge.failed[""] = judge.record
        name = f"{law.visibility} {law.name.removeprefix('test_')}"
        failed |= {f"{name}: {case}" if case else name: one for case, one in judge.failed.items()}
    return failed


def fates(candidates: Sequence[Mutant | Misconception]) -> list[Fate]:
    """Put mutants, or entries of the bank, through all checks of their tasks."""
    givens = Givens(laws.SEED, laws.CORPUS)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as in a worker; for tensors this small more threads are slower
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of much that mutants do
            return [Fate(each, failures(*_answer_of(each), givens)) for each in candidates]
    finally:
        torch.set_num_threads(threads)


def _answer_of(candidate: Mutant | Misconception) -> tuple[Task, Callable[..., Any]]:
    if isinstance(candidate, Mutant):
        return candidate.task, candidate.function()
    return catalogue.course().resolve(candidate.task), candidate.formula
