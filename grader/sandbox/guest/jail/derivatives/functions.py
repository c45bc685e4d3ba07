"""Ways to differentiate whole functions: torch.func, forward mode, TorchScript."""

# Names are looked up when a way is taken, so calls stay inside lambdas.
# ruff: noqa: PLW0108

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from .sample import Pair, Way, grid, loaded, of_grid, of_leaf, slope, torch, total, twice


def per_row(x: Any) -> Any:
    """Return a function of a vector, for Jacobians that are diagonal."""
    return x.flatten().tanh()


def diagonal(matrix: Any) -> Any:
    """Return the diagonal of a Jacobian in the shape of the leaf."""
    return torch.as_tensor(matrix).reshape(12, 12).diagonal().reshape(3, 4)


def dual(make: Callable[[Any, Any], Any], part: Callable[[Any], Any]) -> Way:
    """Return a way by forward mode."""

    def way() -> Pair:
        torch.set_grad_enabled(True)
        with torch.autograd.forward_ad.dual_level():
            return part(make(grid(), torch.ones(3, 4)).tanh()), slope()

    return way


def lowest_level(x: Any) -> Any:
    """Differentiate at a level of functorch that is entered by hand."""
    levels = torch._C._functorch
    level = levels._grad_increment_nesting()
    inner = levels._wrap_for_grad(x, level)
    loaded("torch._functorch.eager_transforms")._create_differentiable(inner)
    result = torch.autograd.grad(total(inner), inner)[0]
    result = levels._unwrap_for_grad(result, level)
    levels._grad_decrement_nesting()
    return result


FUNCTIONAL: tuple[tuple[str, Way], ...] = (
    ("func.grad", of_grid(lambda x: torch.func.grad(total)(x))),
    ("func.grad_and_value", of_grid(lambda x: torch.func.grad_and_value(total)(x)[0])),
    ("func.vjp", of_grid(lambda x: torch.func.vjp(total, x)[1](torch.ones(()))[0])),
    ("func.jvp", of_grid(lambda x: torch.func.jvp(torch.tanh, (x,), (torch.ones(3, 4),))[1])),
    ("func.jacrev", of_grid(lambda x: torch.func.jacrev(total)(x))),
    ("func.jacfwd", of_grid(lambda x: torch.func.jacfwd(total)(x))),
    ("func.hessian", twice(lambda x: diagonal(torch.func.hessian(total)(x.detach())))),
    ("func.linearize", of_grid(lambda x: torch.func.linearize(torch.tanh, x)[1](torch.ones(3, 4)))),
    ("func.vmap of grad", of_grid(lambda x: torch.func.vmap(torch.func.grad(total))(x))),
    ("func.functionalize of grad", of_grid(
        lambda x: torch.func.functionalize(torch.func.grad(total))(x))),
    ("func.functional_call", of_grid(lambda x: torch.func.grad(lambda w: torch.func.functional_call(
        torch.nn.PReLU(12), {"weight": w}, (-torch.ones(1, 12),)).neg().tanh().sum())(
            x.flatten()).reshape(3, 4))),
    ("a level of functorch", of_grid(lowest_level)),
    ("functional.jacobian", of_grid(lambda x: diagonal(
        torch.autograd.functional.jacobian(per_row, x)))),
    ("functional.jacobian, forward", of_grid(lambda x: diagonal(
        torch.autograd.functional.jacobian(
            per_row, x, strategy="forward-mode", vectorize=True)))),
    ("functional.vjp", of_grid(lambda x: torch.autograd.functional.vjp(total, x)[1])),
    ("functional.jvp", of_grid(lambda x: torch.autograd.functional.jvp(
        torch.tanh, x, torch.ones(3, 4))[1])),
    ("functional.hessian", twice(lambda x: diagonal(
        torch.autograd.functional.hessian(total, x)))),
    ("functional.hvp", twice(lambda x: torch.autograd.functional.hvp(
        total, x, torch.ones(3, 4))[1])),
    ("forward mode", dual(
        lambda x, t: torch.autograd.forward_ad.make_dual(x, t),
        lambda y: torch.autograd.forward_ad.unpack_dual(y).tangent)),
    ("forward mode of torch._VF", dual(
        lambda x, t: torch._C._VariableFunctions._make_dual(x, t, level=0),
        lambda y: torch._C._VariableFunctions._unpack_dual(y, level=0)[1])),
    ("forward mode as an operator", dual(
        lambda x, t: torch.ops.aten._make_dual.default(x, t, 0),
        lambda y: torch.ops.aten._unpack_dual.default(y, 0)[1])),
)  # fmt: skip


# TorchScript


def compiled(body: str) -> Any:
    """Return the function `f` of a TorchScript program."""
    return torch.jit.CompilationUnit(body).f


BACKWARD = "def f(x):\n    torch.tanh(x).sum().backward()\n    return x.grad\n"
GRAD = "def f(x):\n    return torch.autograd.grad([torch.tanh(x).sum()], [x])[0]\n"
OPERATOR = "def f(x):\n    return torch.ops.aten.tanh_backward(torch.ones_like(x), torch.tanh(x))\n"
FORWARD = "def f(x):\n    return torch.tanh(x)\n"


def differentiated(x: Any) -> Any:
    """Differentiate a graph of TorchScript by its own formulas, and run the result."""
    graph = torch._C.parse_ir(
        "graph(%x : Float(3, 4)):\n  %r : Float(3, 4) = aten::tanh(%x)\n  return (%r)\n"
    )
    way_back = torch._C._create_function_from_graph("df", torch._C._jit_differentiate(graph).df)
    return way_back(torch.ones(3, 4), x.tanh())[0]


def optimised(x: Any) -> Any:
    """Let the profiling executor differentiate what it has seen to need a gradient."""
    function = compiled(FORWARD)
    for _ in range(4):
        y = function(x)
    return torch.autograd.grad(y.sum(), x)[0]


def for_mobile(x: Any) -> Any:
    """Run a program in the interpreter for phones."""
    module = torch.jit.load(io.BytesIO(compiled(OPERATOR).save_to_buffer()))
    program = module._save_to_buffer_for_lite_interpreter()
    return torch._C._load_for_lite_interpreter_from_buffer(program, None).forward((x,))


def operation(name: str) -> Any:
    """Return an operator as the interpreter of TorchScript knows it."""
    return torch._C._jit_get_operation(name)[0]


SCRIPT: tuple[tuple[str, Way], ...] = (
    ("backward() in TorchScript", of_leaf(lambda x: compiled(BACKWARD)(x))),
    ("grad in TorchScript", of_leaf(lambda x: compiled(GRAD)(x))),
    ("operator in TorchScript", of_grid(lambda x: compiled(OPERATOR)(x))),
    ("TorchScript from bytes", of_grid(lambda x: torch.jit.load(
        io.BytesIO(compiled(OPERATOR).save_to_buffer()))(x))),
    ("TorchScript for mobile", of_grid(for_mobile)),
    ("TorchScript optimised", of_leaf(optimised)),
    ("graph differentiated", of_grid(differentiated)),
    ("aten::grad", of_leaf(lambda x: operation("aten::grad")(
        [total(x)], [x], [None], None, False, True)[0])),
    ("aten::backward", of_leaf(lambda x: (
        operation("aten::backward")(total(x), None, None, False), x.grad)[1])),
    ("aten::tanh_backward", of_grid(
        lambda x: operation("aten::tanh_backward")(torch.ones(3, 4), x.tanh()))),
)  # fmt: skip
