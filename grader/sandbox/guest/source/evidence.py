"""Evidence for a person: where a submission may differentiate by numbers or by a tape of its own.

Torch's differentiation is not there when a submission is graded. What remains is honest code of the
wrong kind: finite differences, complex steps, home-made automatic differentiation. No reading of
source can judge it, so it costs nothing by itself. Standard library only; runs in a worker that
executes nothing.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from . import guard, moves
from .trees import nodes

Finding = dict[str, Any]
Seen = Iterator[tuple[ast.AST, str, str]]

REASONS = {
    "differences": "may be a finite difference",
    "complex": "may be a complex step",
    "tape": "may be automatic differentiation of one's own",
}
OPERATORS = frozenset(
    "__add__ __matmul__ __mul__ __neg__ __pow__ __radd__ __rmul__ __rsub__ __sub__ "
    "__truediv__".split()
)
DISPATCHES = frozenset("__torch_function__ __torch_dispatch__ __array_ufunc__".split())
COMPLEX = frozenset(
    "imag view_as_real view_as_complex complex complex32 complex64 complex128 cfloat "
    "cdouble".split()
)
Function = (ast.FunctionDef, ast.Lambda)


class Evidence:
    """What there is to see in one file, statement by statement."""

    def __init__(self, file: str, statements: Sequence[ast.stmt]) -> None:
        self._file = file
        everything = [node for statement in statements for node in nodes(statement)]
        self._small = moves.small_names(everything)
        self._own = {node.name for node in everything if isinstance(node, ast.FunctionDef)}
        self._own |= {
            target.id
            for node in everything
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        self._goes_back = any(_goes_back(node) for node in everything)
        pairs = [node for node in everything if isinstance(node, Function) and _gives_back(node)]
        self._gives_back = pairs if len(pairs) > 1 else []

    def findings(self, statement: ast.stmt) -> Iterator[Finding]:
        """Yield what a top-level statement shows, each once."""
        told = set()
        for node, kind, what in self._seen(statement):
            if (kind, what) in told:
                continue
            told.add((kind, what))
            # The id stands for the code and not for its place.
            code = f"{self._file}\0{kind}\0{what}\0{guard.text_of(statement)}"
            yield {
                "id": hashlib.sha256(code.encode("utf-8", "backslashreplace")).hexdigest(),
                "file": self._file,
                "line": getattr(node, "lineno", statement.lineno),
                "kind": kind,
                "what": what[:200],
                "reason": REASONS[kind],
            }

    def _seen(self, statement: ast.stmt) -> Seen:
        within = nodes(statement)
        difference = moves.difference(within, self._small, self._own)
        if difference:
            yield statement, "differences", difference
        texts = {node.value for node in within if isinstance(node, ast.Constant)}
        if len(texts & OPERATORS) > 1 or texts & DISPATCHES:
            yield statement, "tape", "operators are overloaded by name"
        for node in within:
            number = _complex(node)
            if number:
                yield node, "complex", number
            tape = _overloads(node) or self._tape(node)
            if tape:
                yield node, "tape", tape

    def _tape(self, node: ast.AST) -> str:
        """Return what looks like functions that are kept to be called backwards."""
        if node in self._gives_back:
            return "functions return their value and a function of its gradient"
        if isinstance(node, ast.Dict) and self._goes_back:
            rules = [value for value in node.values if _is_function(value, self._own)]
            return "a table of functions, and something is gone through backwards" * (
                len(rules) > 1
            )
        if isinstance(node, ast.FunctionDef):
            inner = {f.name for f in ast.walk(node) if isinstance(f, ast.FunctionDef)} - {node.name}
            if self._goes_back and any(_keeps(one, inner) for one in ast.walk(node)):
                return f"{node.name} collects functions that are called from the last to the first"
            if any(_attaches(one, inner) for one in ast.walk(node)):
                return f"{node.name} attaches a function to what it returns"
            if any(_product_rule(one) for one in ast.walk(node)):
                return f"{node.name} carries a derivative along by the product rule"
        return ""


def _complex(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute) and node.attr in COMPLEX:
        return f".{node.attr}"
    if isinstance(node, ast.alias) and node.name in COMPLEX:
        return node.name
    if isinstance(node, ast.Constant):
        value = node.value
        is_step = isinstance(value, complex) and 0 < abs(value) < moves.SMALL
        return repr(value) if is_step or value in ("imag", "view_as_real") else ""
    return ""


def _overloads(node: ast.AST) -> str:
    """Return what looks like numbers that carry their own derivatives."""
    if isinstance(node, ast.ClassDef):
        methods = {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
        assigned = (
            target for one in node.body if isinstance(one, ast.Assign) for target in one.targets
        )
        methods |= {target.id for target in assigned if isinstance(target, ast.Name)}
        found = sorted(methods & OPERATORS)
        if len(found) > 1 or methods & DISPATCHES:
            return f"class {node.name} overloads {', '.join(found) or 'torch functions'}"
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        return f"{node.attr} is replaced" if node.attr in OPERATORS | DISPATCHES else ""
    return ""


def _is_function(node: ast.AST | None, inner: set[str]) -> bool:
    """Tell whether an expression is a function that was made here, or holds one."""
    if isinstance(node, (ast.Tuple, ast.List)):
        return any(_is_function(item, inner) for item in node.elts)
    return isinstance(node, ast.Lambda) or (isinstance(node, ast.Name) and node.id in inner)


def _keeps(node: ast.AST, inner: set[str]) -> bool:
    """Tell whether a function that was made here goes into a list."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        named = node.func.attr in ("append", "appendleft", "insert", "extend")
        return named and any(_is_function(argument, inner) for argument in node.args)
    return False


def _attaches(node: ast.AST, inner: set[str]) -> bool:
    """Tell whether a function that was made here becomes a part of another object."""
    if not isinstance(node, ast.Assign) or not _is_function(node.value, inner):
        return False
    places = (
        target for target in node.targets if isinstance(target, (ast.Attribute, ast.Subscript))
    )
    return any(ast.unparse(place.value) != "self" for place in places)


def _goes_back(node: ast.AST) -> bool:
    """Tell whether something is gone through from its end."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        return name in ("reversed", "pop", "reverse")
    is_slice = isinstance(node, ast.Slice) and node.step is not None
    return is_slice and ast.unparse(node.step) == "-1"  # type: ignore[attr-defined]


def _gives_back(function: ast.AST) -> bool:
    """Tell whether a function returns a value together with a function of one gradient."""
    inner = {one.name for one in ast.walk(function) if isinstance(one, ast.FunctionDef)}
    if isinstance(function, ast.Lambda):
        returned: list[ast.AST | None] = [function.body]
    else:
        returned = [one.value for one in ast.walk(function) if isinstance(one, ast.Return)]
    return any(
        isinstance(value, ast.Tuple)
        and any(_is_function(item, inner) for item in value.elts)
        and not all(_is_function(item, inner) for item in value.elts)
        for value in returned
    )


def _product_rule(node: ast.AST) -> bool:
    """Tell whether a pair is that of a product and of its derivative."""
    if not isinstance(node, (ast.Tuple, ast.Call)):
        return False
    pair = node.elts if isinstance(node, ast.Tuple) else node.args
    if len(pair) != 2:
        return False
    value, slope = pair
    if not (_is(value, ast.Mult, ast.MatMult) and _is(slope, ast.Add)):
        return False
    factors = {ast.unparse(value.left), ast.unparse(value.right)}  # type: ignore[attr-defined]
    sides = (slope.left, slope.right)  # type: ignore[attr-defined]
    shared = [
        {ast.unparse(side.left), ast.unparse(side.right)} & factors
        for side in sides
        if _is(side, ast.Mult, ast.MatMult)
    ]
    return len(shared) == 2 and len(factors) == 2 and shared[0] | shared[1] == factors


def _is(node: ast.AST, *operators: type[ast.operator]) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, operators)
