"""Tell code that cannot leave anything behind: its tasks may share a process.

A worker of its own for each task costs more than most tasks do. It is needed where the code of one
task could change what another one meets: patched functions, default dtypes, seeds, variables of
modules, memory that is read before it is written. This module reads from the syntax tree that a
file does nothing of the kind. It knows a list of harmless names, and whatever is not on it makes a
file not plain: then every task has a process of its own, and nothing else changes. Standard library
only.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from . import trees

MODULES = frozenset(
    "__future__ collections.abc math torch torch.nn torch.nn.functional typing".split()
)
TYPES = frozenset("Any Callable Generator Iterable Sequence Tensor".split())
"""For annotations and `isinstance` only: called, `Tensor(3)` is memory that nobody has written."""

FROM_MODULES = TYPES | frozenset(
    "annotations cross_entropy functional log_softmax nn one_hot softmax".split()
)

BUILTINS = frozenset(
    "AssertionError False IndexError KeyError None NotImplementedError RuntimeError True TypeError "
    "ValueError abs all any bool dict divmod enumerate float int isinstance len list max min pow "
    "print range reversed round set slice sorted str sum tuple zip".split()
)

ATTRIBUTES = frozenset(
    # of torch and of tensors: no effect but on what they are given
    "T abs abs_ add add_ addcdiv addcdiv_ addcmul addcmul_ addmm addmm_ all amax amin any arange "
    "argmax argmin argsort as_tensor baddbmm bfloat16 bmm bool broadcast_tensors broadcast_to cat "
    "chunk clamp clamp_ clone concat contiguous copy_ cos cosh cpu cross_entropy cumsum detach "
    "device diag diagonal dim div div_ dot double dtype einsum eq equal erf exp exp_ expand "
    "expand_as expm1 eye fill_ fill_diagonal_ flatten flip float float32 float64 floor full "
    "full_like functional gather ge gt half hstack index_add index_add_ index_copy index_copy_ "
    "index_put index_put_ index_select int int32 int64 inverse is_floating_point isfinite isinf "
    "isnan item kthvalue le linear linspace log log1p log2 log10 log_softmax logical_and "
    "logical_not logical_or logsumexp long lt mT masked_fill masked_fill_ masked_select matmul max "
    "maximum mean median min minimum mm mse_loss movedim mul mul_ mv nan_to_num narrow ndim ne neg "
    "neg_ new_full new_ones new_tensor new_zeros nll_loss nn nonzero norm numel one_hot "
    "ones ones_like outer permute pow pow_ prod ravel reciprocal reciprocal_ relu repeat "
    "repeat_interleave reshape reshape_as roll rsqrt rsqrt_ scatter scatter_ scatter_add "
    "scatter_add_ select shape sigmoid sign sin sinh size softmax sort split sqrt sqrt_ square "
    "square_ squeeze stack std sub sub_ sum t take take_along_dim tan tanh tanh_ tensor tensordot "
    "tile to tolist topk transpose tril triu type_as unbind unflatten unsqueeze unsqueeze_ values "
    "indices std_mean var var_mean vdot view view_as vstack where xlogy zero_ zeros zeros_like "
    "inf nan e pi "
    # of math, lists, dicts and strings
    "append ceil extend fsum get index insert isclose items join keys pop count".split()
)
STARRED = frozenset("math torch torch.nn.functional".split())
"""Of which everything may be imported: each name that is used is judged as an attribute is."""

DRAWS = frozenset("bernoulli multinomial normal rand randint randn randperm".split())
"""These draw from the process's own generator, unless they are given one. If that is `None`, they
draw from the process's own after all, which starts anew with each call (`worker.py`)."""

NODES = (
    ast.AnnAssign, ast.Assert, ast.Assign, ast.AugAssign, ast.BinOp, ast.BoolOp, ast.Break,
    ast.Call, ast.Compare, ast.Constant, ast.Continue, ast.Delete, ast.Dict, ast.DictComp,
    ast.ExceptHandler, ast.Expr, ast.For, ast.FormattedValue, ast.GeneratorExp, ast.If, ast.IfExp,
    ast.JoinedStr, ast.List, ast.ListComp, ast.NamedExpr, ast.Pass, ast.Raise, ast.Return, ast.Set,
    ast.SetComp, ast.Slice, ast.Starred, ast.Subscript, ast.Tuple, ast.UnaryOp, ast.While, ast.arg,
    ast.arguments, ast.boolop, ast.cmpop, ast.comprehension, ast.expr_context, ast.keyword,
    ast.operator, ast.unaryop, ast.withitem,
)  # fmt: skip
"""What a function may consist of beside names, attributes, functions, `with` and `try`."""

IN_ANNOTATIONS = (
    ast.Attribute, ast.BinOp, ast.BitOr, ast.Constant, ast.List, ast.Load, ast.Name, ast.Subscript,
    ast.Tuple,
)  # fmt: skip
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv)
LARGEST_POWER = 1000

Function = ast.FunctionDef | ast.Lambda


def is_plain(statements: list[ast.stmt]) -> bool:
    """Tell whether a module's functions cannot leave anything behind in their process."""
    known = frozenset(_module_names(statements))
    types = frozenset(_imported_types(statements))
    if "*" in known:
        known |= ATTRIBUTES | DRAWS | types
    return all(_is_plain_statement(statement, known, types) for statement in statements)


def _module_names(statements: list[ast.stmt]) -> Iterator[str]:
    for statement in statements:
        if isinstance(statement, ast.FunctionDef):
            yield statement.name
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.split(".")[0] for alias in statement.names)
        elif isinstance(statement, ast.Assign):
            yield from (node.id for node in statement.targets if isinstance(node, ast.Name))


def _imported_types(statements: list[ast.stmt]) -> Iterator[str]:
    for statement in statements:
        if isinstance(statement, ast.ImportFrom):
            found = (alias for alias in statement.names if alias.name in TYPES)
            yield from (alias.asname or alias.name for alias in found)
            yield from TYPES if any(alias.name == "*" for alias in statement.names) else ()


def _is_plain_statement(statement: ast.stmt, known: frozenset[str], types: frozenset[str]) -> bool:
    if isinstance(statement, ast.Import):
        return all(alias.name in MODULES for alias in statement.names)
    if isinstance(statement, ast.ImportFrom):
        named = FROM_MODULES | ATTRIBUTES | ({"*"} if statement.module in STARRED else set())
        plain = all(alias.name in named for alias in statement.names)
        return statement.module in MODULES and not statement.level and plain
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.Assign):
        targets = all(isinstance(target, ast.Name) for target in statement.targets)
        return targets and _is_constant(statement.value)
    if isinstance(statement, ast.FunctionDef):
        return _is_plain_function(statement, known, types)
    return False


def _is_constant(node: ast.expr) -> bool:
    """Tell whether an expression is made of numbers and texts, which nobody can change."""
    if isinstance(node, ast.Tuple):
        return all(_is_constant(item) for item in node.elts)
    return isinstance(node, ast.Constant) or _is_number(node)


def _is_number(node: ast.expr) -> bool:
    """Tell whether an expression is a number that is worked out at once: `9**9**9` is not."""
    if isinstance(node, ast.UnaryOp):
        return _is_number(node.operand)
    if isinstance(node, ast.BinOp):
        sides = (node.left, node.right)
        if isinstance(node.op, ast.Pow):
            return all(_is_number(side) and _is_small(side) for side in sides)
        return isinstance(node.op, ARITHMETIC) and all(_is_number(side) for side in sides)
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float))


def _is_small(node: ast.expr) -> bool:
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    value = inner.value if isinstance(inner, ast.Constant) else None
    return isinstance(value, (int, float)) and abs(value) <= LARGEST_POWER


def _is_plain_function(
    function: ast.FunctionDef, known: frozenset[str], types: frozenset[str]
) -> bool:
    # Which names are not the function's own, Python's own table of them tells: a name may be bound
    # in an inner function or a comprehension, and outside of that be a built-in one.
    if not trees.used_names(function) <= known | BUILTINS:
        return False
    nodes = trees.nodes(function)
    if not all(_is_plain_annotation(node) for node in _annotations(nodes)):
        return False
    harmless = set(_in_their_place(nodes, types))
    return all(node in harmless or _is_plain_node(node, types) for node in nodes)


def _annotations(nodes: Sequence[ast.AST]) -> Iterator[ast.expr]:
    """Yield what is evaluated when a function is defined, and where it is defined."""
    for node in nodes:
        found: ast.expr | None = None
        if isinstance(node, (ast.AnnAssign, ast.arg)):
            found = node.annotation
        elif isinstance(node, ast.FunctionDef):
            found = node.returns
        if found is not None:
            yield found


def _is_plain_annotation(annotation: ast.expr) -> bool:
    """Tell whether an annotation names types and does nothing: `x: (kept := [])` keeps a list."""
    return all(isinstance(inner, IN_ANNOTATIONS) for inner in ast.walk(annotation))


def _in_their_place(nodes: Sequence[ast.AST], types: frozenset[str]) -> Iterator[ast.AST]:
    """Yield what is harmless only where it stands: types, blocks without gradients, and draws from
    a generator that is given.
    """
    for annotation in _annotations(nodes):
        yield from (node for node in ast.walk(annotation) if _is_type(node, types))
    for node in nodes:
        if isinstance(node, ast.With):
            contexts = [item.context_expr for item in node.items]
            if all(ast.unparse(context) == "torch.no_grad()" for context in contexts):
                yield node
                yield from (inner for context in contexts for inner in ast.walk(context))
        elif isinstance(node, ast.Call):
            if _draws_as_told(node):
                yield node.func
            if isinstance(node.func, ast.Name) and node.func.id == "isinstance":
                inside = (inner for given in node.args[1:] for inner in ast.walk(given))
                yield from (inner for inner in inside if _is_type(inner, types))


def _is_type(node: ast.AST, types: frozenset[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in types


def _name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _draws_as_told(call: ast.Call) -> bool:
    """Tell whether a call draws from a generator that it is given."""
    return _name_of(call.func) in DRAWS and any(
        keyword.arg == "generator" for keyword in call.keywords
    )


def _is_plain_node(node: ast.AST, types: frozenset[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id not in types | DRAWS and not node.id.startswith("__")
    if isinstance(node, ast.Attribute):
        return node.attr in ATTRIBUTES and isinstance(node.ctx, ast.Load)
    if isinstance(node, (ast.FunctionDef, ast.Lambda)):
        return _makes_nothing(node)
    if isinstance(node, ast.Try):
        # Python compiles the end of a `finally` twice, and twice again in the next one.
        return not node.finalbody
    return isinstance(node, NODES)


def _makes_nothing(function: Function) -> bool:
    """Tell whether defining a function does nothing else: a default is made once and kept."""
    defaults = [*function.args.defaults, *function.args.kw_defaults]
    plain = all(default is None or _is_constant(default) for default in defaults)
    decorated = isinstance(function, ast.FunctionDef) and bool(function.decorator_list)
    return plain and not decorated
