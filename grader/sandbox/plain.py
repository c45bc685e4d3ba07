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
from collections.abc import Iterator

MODULES = frozenset(
    "__future__ collections.abc math torch torch.nn torch.nn.functional typing".split()
)
FROM_MODULES = frozenset(
    "Any Callable Generator Iterable Sequence Tensor annotations cross_entropy functional "
    "log_softmax nn one_hot softmax".split()
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
    "neg_ new_full new_ones new_tensor new_zeros nll_loss nn no_grad nonzero norm numel one_hot "
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
DRAWS = frozenset("bernoulli multinomial normal rand randint randn randperm".split())
"""These draw from the process's own generator, unless they are given one."""

NODES = (
    ast.AsyncFor, ast.AsyncFunctionDef, ast.AsyncWith, ast.Await, ast.ClassDef, ast.Global,
    ast.Import, ast.ImportFrom, ast.Match, ast.Nonlocal, ast.Yield, ast.YieldFrom,
)  # fmt: skip


def is_plain(statements: list[ast.stmt]) -> bool:
    """Tell whether a module's functions cannot leave anything behind in their process."""
    known = set(_module_names(statements))
    return all(_is_plain_statement(statement, known) for statement in statements)


def _module_names(statements: list[ast.stmt]) -> Iterator[str]:
    for statement in statements:
        if isinstance(statement, ast.FunctionDef):
            yield statement.name
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.split(".")[0] for alias in statement.names)
        elif isinstance(statement, ast.Assign):
            yield from (node.id for node in statement.targets if isinstance(node, ast.Name))


def _is_plain_statement(statement: ast.stmt, known: set[str]) -> bool:
    if isinstance(statement, ast.Import):
        return all(alias.name in MODULES for alias in statement.names)
    if isinstance(statement, ast.ImportFrom):
        plain = (alias.name in FROM_MODULES for alias in statement.names)
        return (statement.module in MODULES and not statement.level) and all(plain)
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.Assign):
        targets = all(isinstance(target, ast.Name) for target in statement.targets)
        return targets and _is_constant(statement.value)
    if isinstance(statement, ast.FunctionDef):
        return _is_plain_function(statement, known)
    return False


def _is_constant(node: ast.expr) -> bool:
    """Tell whether an expression is made of numbers and texts, which nobody can change."""
    parts = (ast.Constant, ast.UnaryOp, ast.BinOp, ast.Tuple, ast.operator, ast.unaryop, ast.Load)
    return all(isinstance(inner, parts) for inner in ast.walk(node))


def _is_plain_function(function: ast.FunctionDef, known: set[str]) -> bool:
    own = {function.name}
    allowed: set[ast.AST] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, ast.FunctionDef):
            own.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            own.add(node.name)
        elif isinstance(node, ast.Call) and _draws_as_told(node):
            allowed.add(node.func)
    names = known | own | BUILTINS
    return all(node in allowed or _is_plain_node(node, names) for node in ast.walk(function))


def _draws_as_told(call: ast.Call) -> bool:
    """Tell whether a call draws from a generator that it is given."""
    named = isinstance(call.func, ast.Attribute) and call.func.attr in DRAWS
    return named and any(keyword.arg == "generator" for keyword in call.keywords)


def _is_plain_node(node: ast.AST, names: set[str]) -> bool:
    if isinstance(node, NODES):
        return False
    if isinstance(node, ast.Name):
        return node.id in names and not node.id.startswith("__")
    if isinstance(node, ast.Attribute):
        return node.attr in ATTRIBUTES and isinstance(node.ctx, ast.Load)
    if isinstance(node, (ast.FunctionDef, ast.Lambda)):
        # A default is made once and kept.
        defaults = [*node.args.defaults, *node.args.kw_defaults]
        plain = all(default is None or _is_constant(default) for default in defaults)
        return plain and not getattr(node, "decorator_list", [])
    if isinstance(node, ast.With):
        return all(ast.unparse(item.context_expr) == "torch.no_grad()" for item in node.items)
    return True
