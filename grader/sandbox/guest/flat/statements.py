"""The statements of a notebook, one after the other: what stands at the top level, and what stands
in blocks and functions that do nothing but hold it together. Standard library only.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence

GUARDS = ("no_grad", "inference_mode", "set_grad_enabled")
_MARKER = re.compile(r"^# (%%|In\[)", re.MULTILINE)


def has_cells(text: str) -> bool:
    """Tell whether a source is divided into cells: by `# %%`, or `# In[` of jupyter nbconvert."""
    return _MARKER.search(text) is not None


def flatten(statements: Sequence[ast.stmt], answers: Collection[str] = ()) -> Iterator[ast.stmt]:
    """Yield the top-level statements, and what is inside in place of `with torch.no_grad():`,
    `if True:`, `try:` and any other block that holds several answers.

    answers: the names that are answers.
    """
    for statement in statements:
        if isinstance(statement, ast.With) and (_guards(statement) or _holds(statement, answers)):
            yield from flatten(statement.body, answers)
        elif isinstance(statement, ast.If) and isinstance(statement.test, ast.Constant):
            taken = statement.body if statement.test.value else statement.orelse
            yield from flatten(taken, answers)
        elif isinstance(statement, ast.If) and _holds(statement, answers):
            yield from flatten(statement.body, answers)
        elif isinstance(statement, ast.Try):
            body = [*statement.body, *statement.orelse, *statement.finalbody]
            yield from flatten(body, answers)
        else:
            yield statement


def _holds(statement: ast.If | ast.With, answers: Collection[str]) -> bool:
    """Tell whether a block assigns several answers, and there is no other branch."""
    nodes = ast.walk(statement)
    assigned = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return len(assigned & set(answers)) >= 2 and not getattr(statement, "orelse", [])


def _guards(statement: ast.With) -> bool:
    """Tell whether a block does nothing but switch gradients off, which they are anyway."""
    return all(
        any(isinstance(node, ast.Attribute) and node.attr in GUARDS for node in ast.walk(item))
        for item in statement.items
    )


def functions_in(statements: Sequence[ast.stmt]) -> list[set[str]]:
    """Return the names that each statement makes a function or a class: they are no variables."""
    known: set[str] = set()
    found = []
    for statement in statements:
        names = set()
        for node in ast.walk(statement):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                names.add(node.name)
            elif isinstance(node, (ast.Assign, ast.AnnAssign)) and _is_function(node.value, known):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names |= {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        known |= names
        found.append(names)
    return found


def _is_function(value: ast.expr | None, known: set[str]) -> bool:
    if isinstance(value, ast.Tuple):
        return any(_is_function(item, known) for item in value.elts)
    return isinstance(value, ast.Lambda) or (isinstance(value, ast.Name) and value.id in known)


# A backward pass that somebody wrapped into a function


def unwrap(statements: Sequence[ast.stmt], answers: Collection[str]) -> list[ast.stmt]:
    """Return the statements with the body of a function in place of a call that assigns several
    answers, `dlogprobs, dprobs = backward(...)`: then each of its lines stands for itself, too.

    answers: the names that are answers.
    """
    functions: dict[str, ast.FunctionDef] = {}
    found: list[ast.stmt] = []
    for statement in statements:
        if isinstance(statement, ast.FunctionDef):
            functions[statement.name] = statement
        found += _body_of_call(statement, functions, answers) or [statement]
    return found


def _body_of_call(
    statement: ast.stmt, functions: dict[str, ast.FunctionDef], answers: Collection[str]
) -> list[ast.stmt]:
    """Return what a statement stands for that calls such a function; nothing for any other."""
    if not (isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)):
        return []
    call, targets = statement.value, statement.targets[0]
    function = functions.get(call.func.id) if isinstance(call.func, ast.Name) else None
    if function is None or not isinstance(targets, ast.Tuple) or len(statement.targets) > 1:
        return []
    assigned = [node.id for node in targets.elts if isinstance(node, ast.Name)]
    returned = _returned(function)
    bound = _arguments(function, call)
    if sum(name in answers for name in assigned) < 2 or bound is None:
        return []
    if not len(assigned) == len(targets.elts) == len(returned):
        return []
    results = [(name, value) for name, value in zip(assigned, returned, strict=True)]
    return [
        *_assignments(bound, statement),
        *flatten(function.body[:-1], answers),
        *_assignments(results, function.body[-1]),
    ]


def _returned(function: ast.FunctionDef) -> list[ast.expr]:
    """Return the values of the only `return` of a function, if that is its last statement."""
    *before, last = function.body
    ends = (ast.Return, ast.Yield, ast.YieldFrom, ast.Global, ast.Nonlocal)
    early = any(isinstance(node, ends) for statement in before for node in ast.walk(statement))
    plain = isinstance(last, ast.Return) and isinstance(last.value, ast.Tuple)
    # What stands in the line of the `def` could not be told from it by its place.
    if early or not plain or function.decorator_list or last.lineno == function.lineno:
        return []
    assert isinstance(last, ast.Return)
    assert isinstance(last.value, ast.Tuple)
    return last.value.elts


def _arguments(function: ast.FunctionDef, call: ast.Call) -> list[tuple[str, ast.expr]] | None:
    """Return each parameter with its value in a call, or None if that cannot be told by names."""
    spec = function.args
    if spec.vararg or spec.kwarg or spec.posonlyargs or spec.kwonlyargs:
        return None
    names = [argument.arg for argument in spec.args]
    defaults = dict(zip(names[len(names) - len(spec.defaults) :], spec.defaults, strict=True))
    given = dict(zip(names, call.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    bound = {**defaults, **given}
    if len(call.args) > len(names) or bound.keys() != set(names):
        return None
    return list(bound.items())


def _assignments(pairs: list[tuple[str, ast.expr]], place: ast.stmt) -> list[ast.stmt]:
    """Return one assignment for each name that is not its own value already."""
    made: list[ast.stmt] = []
    for name, value in pairs:
        if not (isinstance(value, ast.Name) and value.id == name):
            assignment = ast.Assign([ast.Name(name, ast.Store())], value)
            made.append(ast.fix_missing_locations(ast.copy_location(assignment, place)))
    return made
