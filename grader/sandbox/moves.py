"""Functions that are evaluated at moved inputs: what finite differences look like. Standard library
only.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

SMALL, HUGE = 0.1, 1e300
MOST_INSIDE = 100
LIBRARIES = frozenset("F math nn np numpy torch".split())
Loop = (ast.For, ast.While, ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)
Moved = dict[str, str]


def small_names(everything: Iterable[ast.AST]) -> frozenset[str]:
    """Return the names that are somewhere given a number that is small enough for a step."""
    found = set()
    for node in everything:
        for name, value in _given(node):
            number = _number(value)
            if number is not None and 0 < abs(number) < SMALL:
                found.add(name)
    return frozenset(found)


def _given(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield names and what they are given, by an assignment or as a default."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                items = list(zip(target.elts, node.value.elts, strict=False))
            else:
                items = [(target, node.value)]
            yield from ((one.id, its) for one, its in items if isinstance(one, ast.Name))
    elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and isinstance(node.target, ast.Name):
        yield from [(node.target.id, node.value)] if node.value else []
    elif isinstance(node, ast.arguments):
        named = [*node.posonlyargs, *node.args]
        defaults = zip(named[len(named) - len(node.defaults) :], node.defaults, strict=True)
        keyword = zip(node.kwonlyargs, node.kw_defaults, strict=True)
        yield from ((one.arg, its) for one, its in [*defaults, *keyword] if its is not None)


def _number(node: ast.expr) -> float | None:
    """Return the number that a literal is: `1e-4`, `10 ** -4`, `1 / 1000`; None for others."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.Pow)):
        left, right = _number(node.left), _number(node.right)
        if left is None or not right or abs(right) > 1000:
            return None
        try:
            return float(left / right if isinstance(node.op, ast.Div) else left**right)
        except (ArithmeticError, TypeError, ValueError):
            return None
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return float(node.value) if abs(node.value) < HUGE else None
    return None


def difference(within: Sequence[ast.AST], small: Collection[str], own: Collection[str]) -> str:
    """Return what looks like a finite difference in a statement; empty if nothing does."""
    step = _quotient(within, small)
    if step:
        return f"a difference divided by {step}"
    moved = dict(_moved(within))
    calls = [node for node in within if isinstance(node, ast.Call)]
    found = _two_values(within, moved)
    if found:
        return f"the difference of two values of {found}"
    own = {*own, *(node.arg for node in within if isinstance(node, ast.arg))}
    inside = {id(n) for loop in within if isinstance(loop, Loop) for n in ast.walk(loop)}
    for call in calls:
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        arguments = [a.id for a in call.args if isinstance(a, ast.Name)]
        if (
            name in own
            and id(call) in inside
            and any(moved.get(a) not in (None, a) for a in arguments)
        ):
            return f"{name} is called in a loop, with one entry of its input moved"
    return ""


def _quotient(within: Sequence[ast.AST], small: Collection[str]) -> str:
    """Return the small step by which something is moved, and by which a quotient is formed."""
    steps: set[str] = set()
    divisors: set[str] = set()
    for node in within:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            divisors |= _leaves(node.right)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            steps |= _leaves(node.right) | _leaves(node.left)
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, (ast.Add, ast.Sub)):
            steps |= _leaves(node.value)
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Div):
            divisors |= _leaves(node.value)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            steps |= _leaves(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            names = {"div": divisors, "div_": divisors, "true_divide": divisors}
            names |= {"add": steps, "add_": steps, "sub": steps, "sub_": steps, "full_like": steps}
            for argument in node.args:
                names.get(node.func.attr, set()).update(_leaves(argument))
    named = steps & divisors & set(small)
    numbers = {text for text in steps if _is_small(text)}
    twice = {2 * float(text) for text in numbers} | {float(text) for text in numbers}
    plain = {text for text in divisors if _is_small(text) and float(text) in twice}
    return min(named | plain, default="")


def _leaves(node: ast.expr) -> set[str]:
    """Return the names and numbers that an expression multiplies."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return _leaves(node.left) | _leaves(node.right)
    if isinstance(node, (ast.BinOp, ast.UnaryOp)):
        number = _number(node)
        return set() if number is None else {repr(number)}
    return {ast.unparse(node)} if isinstance(node, (ast.Name, ast.Constant)) else set()


def _is_small(text: str) -> bool:
    try:
        return 0 < abs(float(text)) < SMALL
    except ValueError:
        return False


def _moved(within: Sequence[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield the names of which single entries are changed, and what they are copies of."""
    changed = {
        _root(target)
        for node in within
        for target in (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, ast.AugAssign)
            else []
        )
        if isinstance(target, ast.Subscript)
    }
    yield from ((name, name) for name in changed)
    for node in within:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name, source = node.targets[0].id, _copied(node.value)
            if source and (name in changed or isinstance(node.value, ast.BinOp)):
                yield name, source


def _copied(node: ast.expr) -> str:
    """Return the name of what is copied: `x.clone()`, `x + step`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        return node.left.id if isinstance(node.left, ast.Name) else ""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        inner = node.func.value
        if node.func.attr in ("clone", "detach", "copy", "double", "view", "flatten"):
            return inner.id if isinstance(inner, ast.Name) else _copied(inner)
    return ""


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Subscript, ast.Attribute, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _two_values(within: Sequence[ast.AST], moved: Moved) -> str:
    """Return the function of which two values are subtracted, at inputs that are the same but for a
    step.
    """
    inside = _inside(within)
    values = {
        name: [inner for inner in inside[id(value)] if isinstance(inner, ast.Call)]
        for node in within
        for name, value in _given(node)
    }
    for node in within:
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub)):
            continue
        left, right = (_calls(inside[id(side)], values) for side in (node.left, node.right))
        for one in left:
            for other in right:
                if ast.unparse(one.func) == ast.unparse(other.func) and _differ(one, other, moved):
                    return ast.unparse(one.func)[:80]
    return ""


def _inside(within: Sequence[ast.AST]) -> dict[int, list[ast.expr]]:
    """Return some of the calls and names in each node, itself included, by the node's id. Every
    node is looked at once: a sum of thousands of terms is as deep as it is long.
    """
    inside: dict[int, list[ast.expr]] = {}
    for node in reversed(within):  # what is in a node comes after it
        found: list[ast.expr] = [node] if isinstance(node, (ast.Call, ast.Name)) else []
        for child in ast.iter_child_nodes(node):
            found += inside[id(child)]
        inside[id(node)] = found[:MOST_INSIDE]
    return inside


def _calls(inside: Iterable[ast.expr], values: Mapping[str, Sequence[ast.Call]]) -> list[ast.Call]:
    """Return the calls among nodes, and those that names among them stand for."""
    found: list[ast.Call] = []
    for inner in inside:
        if isinstance(inner, ast.Call):
            found.append(inner)
        elif isinstance(inner, ast.Name):
            found += values.get(inner.id, [])
    return found[:20]


def _differ(one: ast.Call, other: ast.Call, moved: Moved) -> bool:
    """Tell whether two calls get the same but for a step. What a library's function gets may be
    moved for many reasons, unless it is moved both ways.
    """
    library = _root(one.func) in LIBRARIES
    for mine, its in zip(one.args, other.args, strict=False):
        (base, by), (its_base, its_by) = (_base(argument, moved) for argument in (mine, its))
        if base and base == its_base and (by or its_by):
            return not library or (by != its_by and bool(by) and bool(its_by))
    return False


def _base(node: ast.expr, moved: Moved) -> tuple[str, str]:
    """Return what an argument is without a step, and the sign of the step: empty without one."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        return ast.unparse(node.left), "+" if isinstance(node.op, ast.Add) else "-"
    if isinstance(node, ast.Name) and node.id in moved:
        return moved[node.id], "moved"
    return ast.unparse(node), ""
