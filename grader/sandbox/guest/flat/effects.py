"""What a statement does to names: which it reads, which it binds, and which values it changes.

For code that stands at the top level of a notebook, where an answer is a variable. This is a
reading of the syntax tree and knows nothing of types: `x.add_(...)`, `x[i] = ...`, `x += ...` and
`f(..., out=x)` change what x stands for. Standard library only.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

NO_VALUE = frozenset({"grad", "requires_grad", "retains_grad"})
"""Attributes of a tensor that are no part of its value."""

VIEWS = frozenset(
    "T data detach mT permute reshape squeeze t transpose unsqueeze view view_as".split()
)
"""Methods and attributes whose result may share memory with the tensor."""

GROWING = frozenset("add append extend insert setdefault update".split())
"""Methods that change a list, a dictionary or a set, if they are called for nothing else."""


SIMPLE = (
    ast.AnnAssign,
    ast.Assign,
    ast.ClassDef,
    ast.FunctionDef,
    ast.Import,
    ast.ImportFrom,
)
"""Statements that bind their names whatever happens."""


@dataclass
class Effect:
    """What one statement does. `reads`: names whose value from before the statement it uses, and
    `order` the same as they appear. `fresh`: those that it binds whatever happens, and which owe
    nothing to a value from before.
    """

    reads: set[str] = field(default_factory=set)
    order: list[str] = field(default_factory=list)
    fresh: set[str] = field(default_factory=set)
    binds: set[str] = field(default_factory=set)
    mutates: set[str] = field(default_factory=set)
    aliases: dict[str, str] = field(default_factory=dict)

    @property
    def writes(self) -> set[str]:
        """Return every name whose value is another one afterwards."""
        return self.binds | self.mutates


def root(node: ast.expr) -> str:
    """Return the name whose value changes with an expression such as `a.view(-1)[i]`, or an empty
    text: what a call returns is a new value, unless it is a view.
    """
    while not isinstance(node, ast.Name):
        if isinstance(node, (ast.Subscript, ast.Attribute, ast.Starred)):
            node = node.value
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in VIEWS:
            node = node.func
        else:
            return ""
    return node.id


def shares(node: ast.expr) -> str:
    """Return the name whose memory the value of an expression may share, or an empty text."""
    inner: ast.expr = node
    while not isinstance(inner, ast.Name):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            inner = inner.func
        elif isinstance(inner, ast.Subscript) or (
            isinstance(inner, ast.Attribute) and inner.attr in VIEWS
        ):
            inner = inner.value
        else:
            return ""
    return inner.id


def changed_parameters(function: ast.FunctionDef) -> frozenset[int]:
    """Return the positions of the parameters whose values a function changes."""
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    inside = Effect()
    reader = _Reader(inside, {})
    try:
        for statement in function.body:
            reader.visit(statement)
    except RecursionError:
        return frozenset()
    return frozenset(i for i, name in enumerate(names) if name in inside.mutates - inside.binds)


def stored_in(function: ast.FunctionDef) -> frozenset[str]:
    """Return the names that a function gives values, its own variables mostly."""
    names = (node for node in ast.walk(function) if isinstance(node, ast.Name))
    return frozenset(node.id for node in names if isinstance(node.ctx, ast.Store))


def effect_of(statement: ast.stmt, changing: Mapping[str, frozenset[int]]) -> Effect:
    """Return what a statement does. `changing`: functions that change arguments, and which."""
    effect = Effect()
    try:
        _Reader(effect, changing).visit(statement)
    except RecursionError:  # nobody writes that; it would not compile, either
        return Effect()
    if isinstance(statement, SIMPLE):
        effect.fresh = effect.binds - effect.reads
    return effect


class _Reader(ast.NodeVisitor):
    """Visits a statement in the order in which Python would run it."""

    def __init__(self, effect: Effect, changing: Mapping[str, frozenset[int]]) -> None:
        self._effect = effect
        self._changing = changing
        self._bound: set[str] = set()

    def _mutate(self, node: ast.expr) -> None:
        name = root(node)
        if name:
            self._effect.mutates.add(name)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self._bind(node.id)
        else:
            self._read(node.id)

    def _read(self, name: str) -> None:
        if name not in self._bound and name not in self._effect.reads:
            self._effect.reads.add(name)
            self._effect.order.append(name)

    def _bind(self, name: str) -> None:
        self._effect.binds.add(name)
        self._bound.add(name)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self._target(target)
            if isinstance(target, ast.Name) and shares(node.value):
                self._effect.aliases[target.id] = shares(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self._target(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        name = root(node.target)
        if name:
            self._read(name)
        self._target(node.target, whole=False)

    def _target(self, node: ast.expr, *, whole: bool = True) -> None:
        if isinstance(node, ast.Name) and whole:
            self._bind(node.id)
        elif isinstance(node, (ast.Tuple, ast.List)):
            for item in node.elts:
                self._target(item, whole=whole)
        elif isinstance(node, ast.Starred):
            self._target(node.value, whole=whole)
        elif not (isinstance(node, ast.Attribute) and node.attr in NO_VALUE):
            self._mutate(node)
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name):
                    self._read(inner.id)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self._bind(node.target.id)

    def visit_Expr(self, node: ast.Expr) -> None:
        self.visit(node.value)
        called = node.value.func if isinstance(node.value, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr in GROWING:
            self._mutate(called.value)

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        self._target(node.target)
        for statement in (*node.body, *node.orelse):
            self.visit(statement)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        function = node.func
        if isinstance(function, ast.Attribute):
            if function.attr.endswith("_") and not function.attr.startswith("_"):
                self._mutate(function.value)
        elif isinstance(function, ast.Name):
            for position in self._changing.get(function.id, ()):
                if position < len(node.args):
                    self._mutate(node.args[position])
        for keyword in node.keywords:
            if keyword.arg == "out":
                self._mutate(keyword.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        own = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
        names = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name)]
        own |= {inner.id for inner in names if isinstance(inner.ctx, ast.Store)}
        shared = {n for g in ast.walk(node) if isinstance(g, ast.Global) for n in g.names}
        used = {inner.id for inner in names if isinstance(inner.ctx, ast.Load)}
        for name in sorted(used - (own - shared)):
            self._read(name)
        self._bind(node.name)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        own = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
        for inner in ast.walk(node.body):
            if isinstance(inner, ast.Name) and inner.id not in own:
                self._read(inner.id)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name):
                self._read(inner.id)
        self._bind(node.name)

    def visit_alias(self, node: ast.alias) -> None:
        self._bind(node.asname or node.name.split(".")[0])

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> None:
        outside, binds = set(self._bound), set(self._effect.binds)
        for generator in node.generators:
            self.visit(generator.iter)
            self._target(generator.target)
            for condition in generator.ifs:
                self.visit(condition)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        for part in parts:
            self.visit(part)
        self._bound, self._effect.binds = outside, binds

    visit_ListComp = _comprehension  # noqa: N815
    visit_SetComp = _comprehension  # noqa: N815
    visit_GeneratorExp = _comprehension  # noqa: N815
    visit_DictComp = _comprehension  # noqa: N815
