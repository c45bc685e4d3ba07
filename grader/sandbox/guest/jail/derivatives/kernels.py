"""Ways to differentiate without a graph: the operators and kernels that autograd itself calls."""

# Names are looked up when a way is taken, so calls stay inside lambdas.
# ruff: noqa: PLW0108

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .addresses import behind_a_stub, exported
from .sample import Pair, Way, grid, loaded, numerically, torch, upstream

F: Any = torch.nn.functional
EPSILON = 1e-5


def kernel(name: str, overload: str = "default") -> Any:
    """Return an operator of torch."""
    return getattr(getattr(torch.ops.aten, name), overload)


def of_tanh(call: Callable[[Any, Any], Any]) -> Way:
    """Return a way that calls the backward of tanh, which takes a gradient and the output."""
    return lambda: (call(upstream(), grid().tanh()), numerically(torch.tanh))


def activation(name: str, forward: Callable[[Any], Any], *given: Any, output: bool = False) -> Way:
    """Return a way by the backward of a function of each entry, from its input or its output."""

    def way() -> Pair:
        x = grid() - 0.72
        known = numerically(forward, x)
        return kernel(name)(upstream(), forward(x) if output else x, *given), known

    return way


def softmax(call: Callable[[Any, Any], Any]) -> Way:
    """Return a way by a backward of softmax."""
    return lambda: (call(upstream(), grid().softmax(1)), numerically(lambda x: x.softmax(1)))


def log_softmax(call: Callable[[Any, Any], Any]) -> Way:
    """Return a way by a backward of log-softmax."""

    def logs(x: Any) -> Any:
        return x.log_softmax(1)

    return lambda: (call(upstream(), logs(grid())), numerically(logs))


def statistics(dim: int) -> tuple[Any, Any]:
    """Return mean and reciprocal of the standard deviation along a dimension."""
    spread, mean = torch.var_mean(grid(), dim, correction=0, keepdim=True)
    return mean, (EPSILON + spread).rsqrt()


def batch_norm(call: Callable[..., Any]) -> Way:
    """Return a way by a backward of batch norm."""

    def way() -> Pair:
        mean, inverse = statistics(0)
        known = numerically(lambda x: F.batch_norm(x, None, None, training=True))
        return call(upstream(), grid(), mean[0], inverse[0]), known

    return way


def layer_norm() -> Pair:
    """Go by the backward of layer norm."""
    given = (upstream(), grid(), [4], *statistics(1), None, None, [True, False, False])
    known = numerically(lambda x: F.layer_norm(x, [4]))
    return kernel("native_layer_norm_backward")(*given)[0], known


def group_norm() -> Pair:
    """Go by the backward of group norm, with one group."""
    wide = upstream().unsqueeze(2), grid().unsqueeze(2), *statistics(1)
    found = kernel("native_group_norm_backward")(*wide, None, 3, 4, 1, 1, [True, False, False])
    return found[0].squeeze(2), numerically(lambda x: F.layer_norm(x, [4]))


ROWS = [1, 0, 1]


def embedding() -> Pair:
    """Go by the backward of an embedding with a row that repeats."""
    rows = torch.tensor(ROWS)
    known = numerically(lambda table: table[rows], grid()[:2])
    return kernel("embedding_dense_backward")(upstream(), rows, 2, -1, False), known


def loss() -> Pair:
    """Go by the backward of the negative log-likelihood."""
    rows = torch.tensor(ROWS)
    given = torch.ones(()), grid(), rows, None, 1, -100, torch.tensor(3.0)
    return kernel("nll_loss_backward")(*given), numerically(lambda x: F.nll_loss(x, rows), g=1.0)


def convolution() -> Pair:
    """Go by the backward of a convolution of length 1."""
    w = torch.linspace(-1, 1, 16).reshape(4, 4, 1)
    given = (upstream().unsqueeze(2), grid().unsqueeze(2), w, [4], [1], [0], [1], False, [0], 1)
    known = numerically(lambda x: F.conv1d(x.unsqueeze(2), w.double()).squeeze(2))
    return kernel("convolution_backward")(*given, [True, True, True])[0].squeeze(2), known


def maximum() -> Pair:
    """Go by the backward of a maximum in each row."""
    g, places = upstream()[:, :1], grid().argmax(1, keepdim=True)
    known = numerically(lambda x: x.amax(1, keepdim=True), g=g)
    return kernel("value_selecting_reduction_backward")(g, 1, places, [3, 4], True), known


def nested(call: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return a call that is made with tensors of tensors."""

    def called(g: Any, y: Any) -> Any:
        wrap = loaded("torch.nested").as_nested_tensor
        return call(wrap([g]), wrap([y])).unbind()[0]

    return called


def redispatched(g: Any, y: Any) -> Any:
    """Call the kernel of a processor past every other layer of the dispatcher."""
    return kernel("tanh_backward")._op_dk(torch._C.DispatchKey.CPU, g, y)


def in_mode(g: Any, y: Any) -> Any:
    """Call an operator from within a mode that sees each call."""
    dispatch = loaded("torch.utils._python_dispatch")

    class Through(dispatch.TorchDispatchMode):  # type: ignore[misc, name-defined]
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            return kernel("tanh_backward")(*args)

    with Through():
        return g * y


def formula(name: str) -> Any:
    """Return the Python formula of an operator, which torch uses to compile."""
    return loaded("torch._decomp").decomposition_table[kernel(name)]


KERNELS: tuple[tuple[str, Way], ...] = (
    ("tanh_backward", of_tanh(lambda g, y: torch.ops.aten.tanh_backward(g, y))),
    ("tanh_backward.default", of_tanh(lambda g, y: kernel("tanh_backward")(g, y))),
    ("tanh_backward.grad_input", of_tanh(lambda g, y: kernel("tanh_backward", "grad_input")(
        g, y, grad_input=torch.empty(3, 4)))),
    ("tanh_backward, redispatched", of_tanh(redispatched)),
    ("tanh_backward, boxed", of_tanh(lambda g, y: torch._C._dispatch_call_boxed(
        torch._C._dispatch_find_schema_or_throw("aten::tanh_backward", ""), g, y))),
    ("tanh_backward in a mode", of_tanh(in_mode)),
    ("tanh_backward, mapped", of_tanh(lambda g, y: torch.func.vmap(kernel("tanh_backward"))(g, y))),
    ("tanh_backward in Python", of_tanh(lambda g, y: formula("tanh_backward")(g, y))),
    ("tanh_backward by its address", of_tanh(exported)),
    ("softmax", softmax(
        lambda g, y: kernel("_softmax_backward_data")(g, y, 1, torch.float32))),
    ("softmax of torch", softmax(
        lambda g, y: torch._softmax_backward_data(g, y, 1, torch.float32))),
    ("softmax of torch._C", softmax(
        lambda g, y: torch._C._VariableFunctions._softmax_backward_data(g, y, 1, torch.float32))),
    ("softmax.out", softmax(lambda g, y: kernel("_softmax_backward_data", "out")(
        g, y, 1, torch.float32, grad_input=torch.empty(3, 4)))),
    ("softmax, nested", softmax(nested(
        lambda g, y: kernel("_softmax_backward_data")(g, y, -1, torch.float32)))),
    ("softmax, sparse", softmax(lambda g, y: kernel("_sparse_softmax_backward_data")(
        g.to_sparse(), y.to_sparse(), 1, y.to_sparse()).to_dense())),
    ("softmax in Python", softmax(
        lambda g, y: formula("_softmax_backward_data")(g, y, 1, torch.float32))),
    ("softmax behind a pointer", softmax(behind_a_stub("53"))),
    ("log-softmax", log_softmax(
        lambda g, y: kernel("_log_softmax_backward_data")(g, y, 1, torch.float32))),
    ("log-softmax in Python", log_softmax(
        lambda g, y: formula("_log_softmax_backward_data")(g, y, 1, torch.float32))),
    ("log-softmax behind a pointer", log_softmax(behind_a_stub("57log_"))),
    ("negative log-likelihood", loss),
    ("batch norm", batch_norm(lambda *given: kernel("native_batch_norm_backward")(
        given[0], given[1], None, None, None, *given[2:], True, 1e-5, [True] * 3)[0])),
    ("batch norm, chosen", batch_norm(lambda *given: kernel("batch_norm_backward")(
        given[0], given[1], torch.ones(4), None, None, *given[2:], True, 1e-5, [True] * 3,
        torch.empty(0, dtype=torch.uint8))[0])),
    ("batch norm in Python", batch_norm(lambda *given: formula("native_batch_norm_backward")(
        given[0], given[1], None, None, None, *given[2:], True, 1e-5, [True] * 3)[0])),
    ("layer norm", layer_norm),
    ("group norm", group_norm),
    ("embedding", embedding),
    ("convolution", convolution),
    ("maximum", maximum),
    ("sigmoid", activation("sigmoid_backward", torch.sigmoid, output=True)),
    ("SiLU", activation("silu_backward", F.silu)),
    ("GELU", activation("gelu_backward", F.gelu)),
    ("softplus", activation("softplus_backward", F.softplus, 1, 20)),
    ("hard sigmoid", activation("hardsigmoid_backward", F.hardsigmoid)),
    ("mish", activation("mish_backward", F.mish)),
    ("leaky ReLU", activation(
        "leaky_relu_backward", lambda x: F.leaky_relu(x, 0.1), 0.1, False)),
    ("hardtanh", activation("hardtanh_backward", lambda x: F.hardtanh(x, -0.5, 0.5), -0.5, 0.5)),
    ("ReLU", activation("threshold_backward", F.relu, 0)),
)  # fmt: skip
