"""The "by hand" contract, read from a syntax tree: what a submission must not use, and why.

No sandbox can tell a gradient that was worked out from one that autograd computed, so this is a
reading, not a wall. It goes by names: a name that leads to autograd, and every common way to reach
a name without writing it down. Standard library only; runs in a worker that executes nothing.

A finding of the rule `suspicion` bars nothing: finite differences or a home-made automatic
differentiation are honest code of the wrong kind, which a person has to judge.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import symtable
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:
    from grader.sandbox import guard
else:  # in the sandbox there is no package: these files are run by path
    import guard

Finding = dict[str, Any]

IMPORTS = frozenset(
    "__future__ collections collections.abc dataclasses functools itertools math numbers operator "
    "random typing torch torch.nn torch.nn.functional".split()
)
LEFTOVERS = frozenset(
    "backward grad grad_fn requires_grad requires_grad_ retain_grad zero_grad".split()
)
AUTOGRAD = LEFTOVERS | frozenset(
    "autograd enable_grad forward_ad func functorch grad_and_value grad_mode hessian "
    "jacfwd jacobian jacrev jvp linearize make_dual prev register_hook "
    "set_grad_enabled vjp".split()
)
NOTEBOOK = "grader.notebook"
"""What every exercise notebook imports, to check its cells. It is not there in a worker."""

CALLS = frozenset("compile delattr eval exec getattr globals locals setattr vars".split())
ESCAPES = CALLS | frozenset(
    "ForwardRef attrgetter builtins ctypes f_back f_builtins f_code f_globals f_locals gc "
    "get_type_hints gi_frame cr_frame ag_frame importlib inspect make_dataclass methodcaller "
    "modules os pickle singledispatch singledispatchmethod subprocess sys tb_frame tb_next "
    "threading types update_wrapper wraps".split()
)
OF_TORCH = frozenset(
    "classes compile compiler cuda distributed export fx hub jit library load multiprocessing ops "
    "overrides package profiler save serialization testing utils".split()
)
OPERATORS = frozenset(
    "__add__ __matmul__ __mul__ __neg__ __pow__ __radd__ __rmul__ __sub__ __truediv__".split()
)
HARMLESS = OPERATORS | frozenset(
    "__abs__ __all__ __doc__ __file__ __float__ __getitem__ __init__ __int__ __len__ __name__ "
    "__post_init__ __setitem__ __version__".split()
)
REASONS = {
    "autograd": "uses autograd, and the course is about doing without it",
    "import": "imports what the exercises do not need",
    "escape": "reaches around what a reader of the code can see",
    "suspicion": "may differentiate numerically or automatically: for a person to judge",
}


def is_leftover(finding: Mapping[str, Any]) -> bool:
    """Tell whether a finding is of a kind that has no effect in a worker: a use of autograd, which
    is off, or the import of a package that is not there, such as one for plotting.
    """
    if finding["rule"] == "autograd":
        return finding["what"] in LEFTOVERS
    if finding["rule"] != "import":
        return False
    module = str(finding["what"]).split()[1]
    if module == NOTEBOOK:
        return True
    package = module.split(".")[0]
    there = package in sys.stdlib_module_names or package in ("numpy", "grader")
    return bool(package) and not there and not package.startswith("torch")


def too_many(example: Finding, functions: list[Any]) -> Finding:
    """Return the finding that stands for more of them than can be told."""
    what = "more findings than can be told"
    told = {"rule": "escape", "what": what, "reason": REASONS["escape"], "id": "too-many"}
    return {**example, **told, "functions": functions}


@functools.lru_cache(maxsize=1000)
def nodes(tree: ast.stmt) -> tuple[ast.AST, ...]:
    """Return everything in a statement. It is asked for ten times, and walking takes long."""
    return tuple(ast.walk(tree))


def imported(statements: list[ast.stmt], siblings: frozenset[str]) -> set[str]:
    """Return the names under which other files of the submission are imported."""
    names: set[str] = set()
    for node in (node for statement in statements for node in nodes(statement)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in siblings:
                    names.add(alias.asname or alias.name)
        elif isinstance(node, ast.ImportFrom) and (node.module or "") in siblings:
            names |= {alias.asname or alias.name for alias in node.names}
            names.add(node.module or "")
    return names


def methods_of(statements: list[ast.stmt]) -> set[str]:
    """Return the methods of the submission's own classes: `layer.backward(...)` may be one."""
    return {
        f".{method.name}"
        for statement in statements
        for klass in nodes(statement)
        if isinstance(klass, ast.ClassDef)
        for method in klass.body
        if isinstance(method, ast.FunctionDef)
    }


def findings(
    file: str, statement: ast.stmt, siblings: frozenset[str], own: set[str]
) -> Iterator[Finding]:
    """Yield every place of a top-level statement that leaves the contract, each once.

    siblings: the names of the submission's own files, which may be imported. own: the names under
    which they are, and the submission's own methods, `.backward`.
    """
    seen = set()
    for node, rule, what in _places(statement, siblings, own):
        line = getattr(node, "lineno", statement.lineno)
        if (rule, what, line) in seen:
            continue
        seen.add((rule, what, line))
        # The id stands for the code and not for its place: it survives an edit elsewhere.
        code = guard.text_of(statement)
        digest = hashlib.sha256(f"{file}\0{rule}\0{what}\0{code}".encode()).hexdigest()
        yield {
            "id": digest[:10],
            "file": file,
            "line": line,
            "rule": rule,
            "what": what[:200],
            "reason": REASONS[rule],
        }


def _places(
    statement: ast.stmt, siblings: frozenset[str], own: set[str]
) -> Iterator[tuple[ast.AST, str, str]]:
    of_module = used_names(statement)
    cleared = _cleared(statement)
    for node in nodes(statement):
        if isinstance(node, ast.Name):
            found = _name(node, of_module)
        elif node in cleared:
            continue
        elif isinstance(node, ast.Attribute):
            found = _attribute(node, own)
        else:
            found = _of_node(node, siblings)
        for rule, what in found:
            yield node, rule, what
        suspected = ""
        if isinstance(node, ast.FunctionDef):
            suspected = _numerical(node)
        elif isinstance(node, ast.ClassDef):
            suspected = _automatic(node)
        if suspected:
            yield node, "suspicion", suspected


def _cleared(statement: ast.stmt) -> set[ast.AST]:
    """Return what looks like a finding and is none: `p.grad = None`, which the lecture's loop has
    too, and `torch.cuda.is_available()`, with which notebooks begin.
    """
    found: set[ast.AST] = set()
    for node in nodes(statement):
        if isinstance(node, ast.Assign) and _is_none(node.value):
            targets = (target for target in node.targets if isinstance(target, ast.Attribute))
            found |= {target for target in targets if target.attr == "grad"}
        elif isinstance(node, ast.Attribute) and node.attr == "is_available":
            found |= {node.value} if ast.unparse(node.value) == "torch.cuda" else set()
    return found


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


SCOPES = (
    ast.AsyncFunctionDef, ast.ClassDef, ast.DictComp, ast.FunctionDef, ast.GeneratorExp,
    ast.Lambda, ast.ListComp, ast.SetComp,
)  # fmt: skip


@functools.lru_cache(maxsize=1000)
def used_names(statement: ast.stmt) -> frozenset[str]:
    """Return the module's names that a statement uses: not its functions' own variables."""
    plain = isinstance(statement, (ast.Assign, ast.AugAssign, ast.Expr))
    if plain and not any(isinstance(node, SCOPES) for node in nodes(statement)):
        return frozenset(node.id for node in nodes(statement) if isinstance(node, ast.Name))
    try:
        tables = [symtable.symtable(ast.unparse(statement), "", "exec")]
    except Exception:  # then rather too many than too few
        return frozenset(node.id for node in nodes(statement) if isinstance(node, ast.Name))
    names: set[str] = set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        of_module = table.get_type() == "module"
        names |= {s.get_name() for s in table.get_symbols() if of_module or s.is_global()}
    return frozenset(names)


def _name(node: ast.Name, of_module: frozenset[str]) -> Iterator[tuple[str, str]]:
    name = unicodedata.normalize("NFKC", node.id)
    reads = isinstance(node.ctx, ast.Load)
    dunder = name.startswith("__") and name.endswith("__")
    if (name in CALLS and name in of_module) or (dunder and not (reads and name in HARMLESS)):
        yield "escape", name


def _of_node(node: ast.AST, siblings: frozenset[str]) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if not _may_import(alias.name, siblings):
                yield "import", f"import {alias.name}"
    elif isinstance(node, ast.ImportFrom):
        yield from _from_import(node, siblings)
    elif isinstance(node, ast.MatchClass):
        for attribute in node.kwd_attrs:
            yield from _named(attribute)
    elif isinstance(node, ast.keyword) and node.arg == "requires_grad" and not _is_false(node):
        yield "autograd", "requires_grad"
    elif isinstance(node, ast.Call) and _makes_a_type(node):
        yield "escape", "type(...) with three arguments"


def _makes_a_type(node: ast.Call) -> bool:
    named = isinstance(node.func, ast.Name) and node.func.id == "type"
    return named and (len(node.args) != 1 or bool(node.keywords))


def _may_import(module: str, siblings: frozenset[str]) -> bool:
    return module in IMPORTS or module in siblings


def _from_import(node: ast.ImportFrom, siblings: frozenset[str]) -> Iterator[tuple[str, str]]:
    module = node.module or ""
    if module in siblings or (node.level == 1 and not module):
        for alias in node.names:
            if not module and alias.name not in siblings:
                yield "import", f"from . import {alias.name}"
        return
    if node.level or not _may_import(module, siblings):
        yield "import", f"from {'.' * node.level}{module} import ..."
    for alias in node.names:
        if alias.name == "*":
            yield "import", f"from {module} import *"
        elif module == "torch" and alias.name in OF_TORCH:
            yield "escape", f"torch.{alias.name}"
        yield from _named(alias.name)


def _attribute(node: ast.Attribute, own: set[str]) -> Iterator[tuple[str, str]]:
    base = node.value.id if isinstance(node.value, ast.Name) else ""
    if base in own or f".{node.attr}" in own:
        return
    if base == "self" and node.attr.startswith("_") and not node.attr.startswith("__"):
        return
    if node.attr in OF_TORCH and base:
        yield "escape", f"{base}.{node.attr}"
    elif node.attr == "imag":
        yield "suspicion", ".imag: complex numbers"
    else:
        yield from _named(node.attr)


def _is_false(node: ast.keyword) -> bool:
    return isinstance(node.value, ast.Constant) and node.value.value is False


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
    for node in nodes(function):
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
    for node in nodes(function):
        if isinstance(node, ast.Assign):
            values += [
                ast.unparse(value) for target, value in _pairs(node) if ast.unparse(target) == text
            ]
    defaults = function.args.defaults
    named = function.args.args[len(function.args.args) - len(defaults) :]
    values += [
        ast.unparse(value)
        for argument, value in zip(named, defaults, strict=True)
        if argument.arg == text
    ]
    return any(_below_a_tenth(value) for value in values)


def _pairs(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield what an assignment assigns to what, a tuple item by item."""
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            yield from zip(target.elts, node.value.elts, strict=False)
        else:
            yield target, node.value


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
