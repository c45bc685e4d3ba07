"""Ways to differentiate with the engine of torch, and with what calls it."""

# Names are looked up when a way is taken, so calls stay inside lambdas.
# ruff: noqa: PLW0108

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from .sample import Pair, Way, grid, leaf, loaded, of_leaf, slope, torch, total, twice, upstream


def backward(x: Any, *given: Any) -> Any:
    """Return the gradient that `backward` leaves at a leaf."""
    total(x).backward(*given)
    return x.grad


def backward_through(y: Any, x: Any) -> Any:
    """Return the gradient of a sum at a leaf."""
    y.sum().backward()
    return x.grad


def node_after_node(x: Any) -> Any:
    """Walk the graph by hand."""
    node: Any = total(x).grad_fn
    return node.next_functions[0][0](node(torch.ones(())))


def by_engine(run: Callable[..., Any]) -> Callable[[Any], Any]:
    """Return what calls a form of the engine that Python knows."""
    return lambda x: run(
        (total(x),), (torch.ones(()),), False, False, (x,), allow_unreachable=False,
        accumulate_grad=False,
    )[0]  # fmt: skip


def switched_on(switch: Callable[[], Any]) -> Way:
    """Return a way that switches gradients on by a means of its own, and calls a node."""

    def way() -> Pair:
        torch.set_grad_enabled(False)
        mode = switch()
        with mode if hasattr(mode, "__enter__") else contextlib.nullcontext():
            node: Any = torch.nn.Parameter(grid()).tanh().grad_fn
        return node(upstream()), upstream() * slope()

    return way


def caught(register: Callable[[Any, list[Any]], object]) -> Way:
    """Return a way that sees the gradient of a leaf in a hook."""

    def way() -> Pair:
        x, seen = leaf(), list[Any]()
        register(x, seen)
        total(x).backward()
        return seen[0], slope()

    return way


def seen_by_module(x: Any) -> Any:
    """Catch the gradient in a hook of a module."""
    seen: list[Any] = []
    module = torch.nn.Tanh()
    module.register_full_backward_hook(lambda module, given, out: seen.append(given[0]))
    module(x).sum().backward()
    return seen[0]


def step_of_optimizer(x: Any) -> Any:
    """Return what one step of gradient descent takes away."""
    optimizer = torch.optim.SGD([x], lr=1.0)
    total(x).backward()
    optimizer.step()
    return grid() - x.detach()


class Around(torch.autograd.Function):  # type: ignore[misc]
    """The identity, whose own backward the engine calls."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        """Return the same numbers."""
        return x * 1

    @staticmethod
    def backward(ctx: Any, *given: Any) -> Any:
        """Return the gradient as it is."""
        return given[0]


def checkpointed(reentrant: bool) -> Callable[[Any], Any]:
    """Return what computes the forward pass again on the way back."""
    return lambda x: torch.autograd.grad(
        loaded("torch.utils.checkpoint").checkpoint(total, x, use_reentrant=reentrant), x
    )[0]


def traced(x: Any) -> Any:
    """Trace the gradient into a graph of forward operators, and run the graph."""
    make = loaded("torch.fx.experimental.proxy_tensor").make_fx
    return make(lambda v: torch.autograd.grad(total(v), v)[0])(x)(x)


def after_saving(x: Any) -> Any:
    """Differentiate through tensors that were packed and unpacked."""
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        y = total(x)
    return torch.autograd.grad(y, x)[0]


ENGINE: tuple[tuple[str, Way], ...] = (
    ("backward()", of_leaf(backward)),
    ("backward(), with a gradient", of_leaf(lambda x: backward(x, torch.ones(())))),
    ("torch.autograd.backward", of_leaf(lambda x: (torch.autograd.backward(total(x)), x.grad)[1])),
    ("torch.autograd.grad", of_leaf(lambda x: torch.autograd.grad(total(x), x)[0])),
    ("grad of a batch", of_leaf(lambda x: torch.autograd.grad(
        total(x), x, torch.eye(1).reshape(1), is_grads_batched=True)[0][0])),
    ("grad, kept and materialised", of_leaf(lambda x: torch.autograd.grad(
        total(x), x, retain_graph=True, materialize_grads=True)[0])),
    ("grad of the grad", twice(lambda x: torch.autograd.grad(
        torch.autograd.grad(total(x), x, create_graph=True)[0].sum(), x)[0])),
    ("a node called", of_leaf(lambda x: x.tanh().grad_fn(torch.ones(3, 4)))),
    ("node after node", of_leaf(node_after_node)),
    ("gradient edge", of_leaf(lambda x: torch.autograd.grad(
        total(x), torch.autograd.graph.get_gradient_edge(x))[0])),
    ("engine of Variable", of_leaf(by_engine(
        lambda *a, **k: torch.autograd.Variable._execution_engine.run_backward(*a, **k)))),
    ("engine of torch._C", of_leaf(by_engine(
        lambda *a, **k: torch._C._ImperativeEngine().run_backward(*a, **k)))),
    ("engine of graph", of_leaf(lambda x: torch.autograd.graph._engine_run_backward(
        (total(x),), (torch.ones(()),), False, False, (x,), allow_unreachable=False,
        accumulate_grad=False)[0])),
    ("hook of a tensor", caught(lambda x, seen: x.register_hook(seen.append))),
    ("hook after accumulation", caught(lambda x, seen: x.register_post_accumulate_grad_hook(
        lambda leaf: seen.append(leaf.grad)))),
    ("hook of several tensors", caught(
        lambda x, seen: torch.autograd.graph.register_multi_grad_hook(
            (x,), lambda grads: seen.append(grads[0])))),
    ("hook of a module", of_leaf(seen_by_module)),
    ("hooks of saved tensors", of_leaf(after_saving)),
    ("step of an optimizer", of_leaf(step_of_optimizer)),
    ("custom function", of_leaf(lambda x: (total(Around.apply(x)).backward(), x.grad)[1])),
    ("checkpoint", of_leaf(checkpointed(reentrant=False))),
    ("checkpoint, again from Python", of_leaf(lambda x: backward_through(
        loaded("torch.utils.checkpoint").checkpoint(torch.tanh, x, use_reentrant=True), x))),
    ("traced and run", of_leaf(traced)),
    ("enable_grad", switched_on(torch.enable_grad)),
    ("set_grad_enabled", switched_on(lambda: torch.set_grad_enabled(True))),
    ("_set_grad_enabled", switched_on(lambda: torch._C._set_grad_enabled(True))),
    ("inference_mode(False)", switched_on(lambda: (
        torch._C._set_grad_enabled(True), torch.inference_mode(False))[1])),
    ("_InferenceMode(False)", switched_on(lambda: torch._C._InferenceMode(False))),
)  # fmt: skip
