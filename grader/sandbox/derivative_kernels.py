"""Ways to differentiate without a graph: the operators and kernels that autograd itself calls."""

# Names are looked up when a way is taken, so calls stay inside lambdas.
# ruff: noqa: PLW0108

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:
    from grader.sandbox.derivative_addresses import behind_a_stub, exported
    from grader.sandbox.derivative_sample import Pair, Way, grid, loaded, slope, torch, upstream
else:  # in the sandbox there is no package: these files are run by path
    from derivative_addresses import behind_a_stub, exported
    from derivative_sample import Pair, Way, grid, loaded, slope, torch, upstream


def kernel(name: str, overload: str = "default") -> Any:
    """Return an operator of torch."""
    return getattr(getattr(torch.ops.aten, name), overload)


def of_tanh(call: Callable[[Any, Any], Any]) -> Way:
    """Return a way that calls the backward of tanh, which takes a gradient and the output."""
    return lambda: (call(upstream(), grid().tanh()), upstream() * slope())


def activation(name: str, factor: Callable[[Any], Any], *given: Any, out: str = "") -> Way:
    """Return a way by the backward of a function of each entry, from its input or its output."""

    def way() -> Pair:
        x = grid() - 0.7 if not out else getattr(grid(), out)()
        return kernel(name)(upstream(), x, *given), upstream() * factor(x)

    return way


def sigmoid(x: Any) -> Any:
    """Return the logistic function."""
    return 1 / (1 + (-x).exp())


def of_silu(x: Any) -> Any:
    """Return the derivative of x times its logistic function."""
    return sigmoid(x) * (1 + x * (1 - sigmoid(x)))


def of_gelu(x: Any) -> Any:
    """Return the derivative of x times the distribution function of a normal variable."""
    return (1 + (x / 2**0.5).erf()) / 2 + x * (-x * x / 2).exp() / (2 * torch.pi) ** 0.5


def of_mish(x: Any) -> Any:
    """Return the derivative of x times the tanh of its softplus."""
    bent = (1 + x.exp()).log().tanh()
    return bent + x * (1 - bent**2) * sigmoid(x)


def of_softmax(g: Any, probs: Any) -> Any:
    """Return the gradient of softmax in each row."""
    return probs * (g - (probs * g).sum(-1, keepdim=True))


def softmax(call: Callable[[Any, Any], Any]) -> Way:
    """Return a way by a backward of softmax."""
    return lambda: (call(upstream(), grid().softmax(1)), of_softmax(upstream(), grid().softmax(1)))


def log_softmax(call: Callable[[Any, Any], Any]) -> Way:
    """Return a way by a backward of log-softmax."""

    def way() -> Pair:
        logs, g = grid().log_softmax(1), upstream()
        return call(g, logs), g - logs.exp() * g.sum(1, keepdim=True)

    return way


def normalised(x: Any, dim: int) -> tuple[Any, Any, Any]:
    """Return mean, reciprocal of the standard deviation, and the normalised numbers."""
    mean, inverse = x.mean(dim, keepdim=True), (x.var(dim, False, keepdim=True) + 1e-5) ** -0.5
    return mean, inverse, (x - mean) * inverse


def of_norm(dim: int) -> Any:
    """Return the gradient of a normalisation along a dimension."""
    _, inverse, hat = normalised(grid(), dim)
    g = upstream()
    return inverse * (g - g.mean(dim, keepdim=True) - hat * (g * hat).mean(dim, keepdim=True))


def batch_norm(call: Callable[..., Any]) -> Way:
    """Return a way by a backward of batch norm."""

    def way() -> Pair:
        mean, inverse, _ = normalised(grid(), 0)
        return call(upstream(), grid(), mean[0], inverse[0]), of_norm(0)

    return way


def layer_norm() -> Pair:
    """Go by the backward of layer norm."""
    mean, inverse, _ = normalised(grid(), 1)
    given = (upstream(), grid(), [4], mean, inverse, None, None, [True, False, False])
    return kernel("native_layer_norm_backward")(*given)[0], of_norm(1)


def group_norm() -> Pair:
    """Go by the backward of group norm, with one group."""
    mean, inverse, _ = normalised(grid(), 1)
    wide = upstream().unsqueeze(2), grid().unsqueeze(2), mean, inverse
    found = kernel("native_group_norm_backward")(*wide, None, 3, 4, 1, 1, [True, False, False])
    return found[0].squeeze(2), of_norm(1)


ROWS = [1, 0, 1]


def embedding() -> Pair:
    """Go by the backward of an embedding with a row that repeats."""
    rows, g = torch.tensor(ROWS), upstream()
    known = torch.stack([g[1], g[0] + g[2]])
    return kernel("embedding_dense_backward")(g, rows, 2, -1, False), known


def loss() -> Pair:
    """Go by the backward of the negative log-likelihood."""
    given = torch.ones(()), grid(), torch.tensor(ROWS), None, 1, -100, torch.tensor(3.0)
    return kernel("nll_loss_backward")(*given), -torch.eye(4)[ROWS] / 3


def convolution() -> Pair:
    """Go by the backward of a convolution of length 1, a product of matrices."""
    g, x, w = upstream(), grid().unsqueeze(2), torch.linspace(-1, 1, 16).reshape(4, 4)
    given = (g.unsqueeze(2), x, w.unsqueeze(2), [4], [1], [0], [1], False, [0], 1)
    return kernel("convolution_backward")(*given, [True, True, True])[0].squeeze(2), g @ w


def maximum() -> Pair:
    """Go by the backward of a maximum in each row."""
    g, places = upstream()[:, :1], torch.tensor([[1], [0], [3]])
    known = torch.zeros(3, 4)
    known[[0, 1, 2], [1, 0, 3]] = g[:, 0]
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
    ("sigmoid", activation("sigmoid_backward", lambda y: y * (1 - y), out="sigmoid")),
    ("SiLU", activation("silu_backward", of_silu)),
    ("GELU", activation("gelu_backward", of_gelu)),
    ("softplus", activation("softplus_backward", sigmoid, 1, 20)),
    ("hard sigmoid", activation("hardsigmoid_backward", lambda x: torch.full_like(x, 1 / 6))),
    ("mish", activation("mish_backward", of_mish)),
    ("leaky ReLU", activation("leaky_relu_backward", lambda x: 0.1 + 0.9 * (x > 0), 0.1, False)),
    ("hardtanh", activation("hardtanh_backward", lambda x: (x.abs() < 0.5) * 1.0, -0.5, 0.5)),
    ("ReLU", activation("threshold_backward", lambda x: (x > 0) * 1.0, 0)),
)  # fmt: skip
