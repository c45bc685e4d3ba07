"""The "by hand" contract, read from a syntax tree: what a submission must not use, and why.

No sandbox can tell a gradient that was worked out from one that autograd computed, so this is a
reading, not a wall. It goes by names: a name that leads to autograd, and every common way to reach
a name without writing it down. Standard library only; runs in a worker that executes nothing.

A finding of the rule `suspicion` bars nothing: finite differences or a home-made automatic
differentiation are honest code of the wrong kind, which a person has to judge.
"""

from __future__ import annotations

import ast
import hashlib
import unicodedata
from collections.abc import Iterator
from typing import Any

Finding = dict[str, Any]

IMPORTS = frozenset(
    "__future__ collections collections.abc dataclasses functools itertools math numbers random "
    "typing torch torch.nn torch.nn.functional".split()
)
AUTOGRAD = frozenset(
    "autograd enable_grad forward_ad func functorch grad grad_and_value grad_fn grad_mode hessian "
    "jacfwd jacobian jacrev jvp linearize make_dual optim prev register_hook requires_grad "
    "requires_grad_ retain_grad set_grad_enabled vjp".split()
)
CALLS = frozenset("compile delattr eval exec getattr globals locals setattr vars".split())
ESCAPES = CALLS | frozenset(
    "ForwardRef attrgetter builtins ctypes f_back f_builtins f_code f_globals f_locals gc "
    "get_type_hints gi_frame cr_frame ag_frame importlib inspect methodcaller modules os pickle "
    "subprocess sys tb_frame tb_next threading types".split()
)
OF_TORCH = frozenset(
    "classes compile compiler cuda distributed export fx hub jit library load multiprocessing ops "
    "overrides package profiler save serialization testing utils".split()
)
HARMLESS = frozenset(
    "__all__ __doc__ __file__ __init__ __len__ __name__ __post_init__ __version__".split()
)
OPERATORS = frozenset(
    "__add__ __matmul__ __mul__ __neg__ __pow__ __radd__ __rmul__ __sub__ __truediv__".split()
)
REASONS = {
    "autograd": "uses autograd, and the course is about doing without it",
    "import": "imports what the exercises do not need",
    "escape": "reaches around what a reader of the code can see",
    "suspicion": "may differentiate numerically or automatically: for a person to judge",
}


def findings(file: str, statement: ast.stmt, siblings: frozenset[str]) -> Iterator[Finding]:
    """Yield every place of a top-level statement that leaves the contract, each once.

    siblings: the names of the submission's own files, which may be imported.
    """
    seen = set()
    for node, rule, what in _places(statement, siblings):
        line = getattr(node, "lineno", statement.lineno)
        if (rule, what, line) in seen:
            continue
        seen.add((rule, what, line))
        # The id stands for the code and not for its place: it survives an edit elsewhere.
        code = ast.unparse(statement)
        digest = hashlib.sha256(f"{file}\0{rule}\0{what}\0{code}".encode()).hexdigest()
        yield {
            "id": digest[:10],
            "file": file,
            "line": line,
            "rule": rule,
            "what": what[:200],
            "reason": REASONS[rule],
        }


def _places(statement: ast.stmt, siblings: frozenset[str]) -> Iterator[tuple[ast.AST, str, str]]:
    for node in ast.walk(statement):
        for rule, what in _of_node(node, siblings):
            yield node, rule, what
        suspected = ""
        if isinstance(node, ast.FunctionDef):
            suspected = _numerical(node)
        elif isinstance(node, ast.ClassDef):
            suspected = _automatic(node)
        if suspected:
            yield node, "suspicion", suspected


def _of_node(node: ast.AST, siblings: frozenset[str]) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if not _may_import(alias.name, siblings):
                yield "import", f"import {alias.name}"
    elif isinstance(node, ast.ImportFrom):
        yield from _from_import(node, siblings)
    elif isinstance(node, ast.Attribute):
        yield from _attribute(node, siblings)
    elif isinstance(node, ast.Name):
        name = unicodedata.normalize("NFKC", node.id)
        if name in CALLS or (_is_dunder(name) and name not in HARMLESS):
            yield "escape", name
    elif isinstance(node, ast.MatchClass):
        for attribute in node.kwd_attrs:
            yield from _named(attribute)
    elif isinstance(node, ast.keyword) and node.arg == "requires_grad" and not _is_false(node):
        yield "autograd", "requires_grad"


def _is_false(node: ast.keyword) -> bool:
    return isinstance(node.value, ast.Constant) and node.value.value is False


def _may_import(module: str, siblings: frozenset[str]) -> bool:
    return module in IMPORTS or module.split(".", maxsplit=1)[0] in siblings


def _from_import(node: ast.ImportFrom, siblings: frozenset[str]) -> Iterator[tuple[str, str]]:
    module = node.module or ""
    own = bool(node.level) or module.split(".")[0] in siblings
    if not own and not _may_import(module, siblings):
        yield "import", f"from {module} import ..."
    for alias in node.names:
        if own:
            continue
        if alias.name == "*":
            yield "import", f"from {module} import *"
        elif module == "torch" and alias.name in OF_TORCH:
            yield "escape", f"torch.{alias.name}"
        yield from _named(alias.name)


def _attribute(node: ast.Attribute, siblings: frozenset[str]) -> Iterator[tuple[str, str]]:
    base = node.value.id if isinstance(node.value, ast.Name) else ""
    if base in siblings or base == "self":
        return
    if base == "torch" and node.attr in OF_TORCH:
        yield "escape", f"torch.{node.attr}"
    elif node.attr in ("imag", "real"):
        yield "suspicion", f".{node.attr}: complex numbers"
    else:
        yield from _named(node.attr)


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _named(attribute: str) -> Iterator[tuple[str, str]]:
    name = unicodedata.normalize("NFKC", attribute)
    if name in HARMLESS:
        return
    if name in AUTOGRAD or "backward" in name:
        yield "autograd", name
    elif name in ESCAPES or (name.startswith("_") and name != "_"):
        yield "escape", name


def _numerical(function: ast.FunctionDef) -> str:
    """Return what looks like a finite difference: a quotient by a name that is also added to or
    subtracted from something that a function is called with.
    """
    if function.name == "numerical_gradient":
        return ""
    steps: set[str] = set()
    divisors: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            divisors |= {ast.unparse(leaf) for leaf in _leaves(node.right)}
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            steps |= {ast.unparse(leaf) for leaf in _leaves(node.right)}
        if isinstance(node, ast.AugAssign) and isinstance(node.op, (ast.Add, ast.Sub)):
            steps |= {ast.unparse(leaf) for leaf in _leaves(node.value)}
    small = {step for step in steps & divisors if _is_small(step, function)}
    return f"a difference divided by {min(small)}" if small else ""


def _leaves(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the names and numbers that an expression multiplies."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        yield from _leaves(node.left)
        yield from _leaves(node.right)
    elif isinstance(node, (ast.Name, ast.Constant)):
        yield node


def _is_small(text: str, function: ast.FunctionDef) -> bool:
    """Tell whether a name or number is a small step: below 0.1, or assigned such a number."""
    values = [text]
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and any(ast.unparse(t) == text for t in node.targets):
            values.append(ast.unparse(node.value))
    defaults = function.args.defaults
    named = function.args.args[len(function.args.args) - len(defaults) :]
    values += [
        ast.unparse(value)
        for argument, value in zip(named, defaults, strict=True)
        if argument.arg == text
    ]
    return any(_below_a_tenth(value) for value in values)


def _below_a_tenth(text: str) -> bool:
    try:
        return 0 < abs(float(text)) < 0.1
    except ValueError:
        return False


def _automatic(klass: ast.ClassDef) -> str:
    """Return what looks like numbers that carry their own derivatives."""
    methods = {node.name for node in klass.body if isinstance(node, ast.FunctionDef)}
    overloaded = sorted(methods & OPERATORS)
    if len(overloaded) >= 2 or "__torch_function__" in methods:
        return f"class {klass.name} overloads {', '.join(overloaded) or 'torch functions'}"
    return ""
