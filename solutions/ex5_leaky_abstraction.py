"""Exercise 5, bonus: what goes wrong when backpropagation is taken for granted."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor


def dhprebn(hprebn: Tensor, bngain: Tensor, dhpreact_biased: Tensor) -> Tensor:
    """With the biased variance the n of the mean and the n of the variance are the same, and the
    n / (n - 1) of exercise 3 is gone.
    """
    n = hprebn.shape[0]
    diff = hprebn - hprebn.mean(0, keepdim=True)  # (n, hidden)
    inv = ((diff**2).sum(0, keepdim=True) / n + 1e-5) ** -0.5  # (1, hidden)
    raw = diff * inv  # (n, hidden)
    mean = dhpreact_biased.mean(0, keepdim=True)
    along = (dhpreact_biased * raw).mean(0, keepdim=True)
    return bngain * inv * (dhpreact_biased - mean - raw * along)


def numerical_gradient(f: Callable[[Tensor], Tensor], x: Tensor, step: float) -> Tensor:
    """The errors of a step up and a step down cancel to second order, which is what makes central
    differences good enough to check a gradient with.
    """
    x = x.double()  # a copy, unless x is float64 already
    gradient = torch.zeros_like(x)
    for i in range(x.numel()):
        move = torch.zeros(x.numel(), dtype=torch.float64)
        move[i] = step
        move = move.view(x.shape)
        gradient.view(-1)[i] = (f(x + move) - f(x - move)) / (2.0 * step)
    return gradient


def clip_gradients(gradients: list[Tensor], max_norm: float) -> list[Tensor]:
    """One factor for all keeps the direction: a large gradient becomes a shorter step, not none."""
    norm = torch.sqrt(sum((gradient**2).sum() for gradient in gradients))
    factor = torch.clamp(max_norm / norm, max=1.0)
    return [gradient * factor for gradient in gradients]


def saturation(h: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
    """tanh passes 1 - h^2 of the gradient: nothing, where |h| is close to 1. A neuron for which
    that holds on every example cannot learn its way out.
    """
    saturated = h.abs() > threshold  # (n, hidden)
    return saturated.float().mean(), saturated.all(0).float().mean()


def embedding_backward(demb: Tensor, Xb: Tensor, vocab: int) -> Tensor:
    """index_add_ is the loop over characters, in C."""
    dC = torch.zeros(vocab, demb.shape[-1], dtype=demb.dtype)  # (vocab, n_embd)
    return dC.index_add_(0, Xb.flatten(), demb.flatten(0, 1))


def in_one(tensors: tuple[Tensor, ...]) -> tuple[Tensor, list[Tensor]]:
    """Lay copies of tensors end to end: one flat tensor, and views of it in the old shapes."""
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    parts = flat.split([tensor.numel() for tensor in tensors])
    return flat, [part.view(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]


class Step:
    """One step of training in memory that is taken once: every result has its place beforehand.

    A tensor of this size takes less time to compute than to be allocated, and an operation less
    than to be called, so what counts is how few there are of both.
    """

    def __init__(self, parameters: tuple[Tensor, ...], n: int, block_size: int):
        self.flat, self.parameters = in_one(parameters)
        self.slopes, self.gradients = in_one(parameters)
        C, W1, _, W2, _, bngain, _ = parameters
        self.ix = torch.empty(n, dtype=torch.int64)
        self.Xb = torch.empty(n, block_size, dtype=torch.int64)
        self.Yb = torch.empty(n, dtype=torch.int64)
        self.emb, self.demb = torch.empty(2, n * block_size, C.shape[1])
        self.embcat, self.dembcat = self.emb.view(n, -1), self.demb.view(n, -1)
        self.bnraw, self.h, self.dh, self.product = torch.empty(4, n, W1.shape[1])
        self.bnmean, self.bnvar_inv = torch.empty_like(bngain), torch.empty_like(bngain)
        self.logits = torch.empty(n, W2.shape[1])
        self.minus_ones = torch.full((n, 1), -1.0)

    def draw(self, X: Tensor, Y: Tensor, generator: Generator) -> None:
        """The minibatch of this step."""
        torch.randint(0, X.shape[0], self.Yb.shape, generator=generator, out=self.ix)
        torch.index_select(X, 0, self.ix, out=self.Xb)
        torch.index_select(Y, 0, self.ix, out=self.Yb)

    def forward(self) -> None:
        """The forward pass; hprebn and its deviations from the mean become bnraw where they are."""
        C, W1, b1, W2, b2, bngain, bnbias = self.parameters
        bnraw, inv = self.bnraw, self.bnvar_inv
        torch.index_select(C, 0, self.Xb.view(-1), out=self.emb)
        torch.addmm(b1, self.embcat, W1, out=bnraw)  # (n, hidden)
        bnraw.sub_(torch.mean(bnraw, 0, keepdim=True, out=self.bnmean))
        torch.mul(bnraw, bnraw, out=self.product)
        torch.sum(self.product, 0, keepdim=True, out=inv)  # (1, hidden)
        bnraw.mul_(inv.div_(len(bnraw) - 1).add_(1e-5).rsqrt_())
        torch.addcmul(bnbias, bngain, bnraw, out=self.h).tanh_()
        torch.addmm(b2, self.h, W2, out=self.logits)  # (n, vocab)

    def backward(self) -> None:
        """n times the gradients: the division by n waits for the update, where it costs nothing."""
        _, W1, _, W2, _, bngain, _ = self.parameters
        dC, dW1, db1, dW2, db2, dbngain, dbnbias = self.gradients
        n, bnraw, dh, dlogits = len(self.h), self.bnraw, self.dh, self.logits
        torch.softmax(self.logits, 1, out=dlogits)
        dlogits.scatter_add_(1, self.Yb.view(n, 1), self.minus_ones)
        torch.mm(self.h.T, dlogits, out=dW2)
        torch.sum(dlogits, 0, out=db2)
        torch.mm(dlogits, W2.T, out=dh)
        # dh becomes dhpreact = dh - h^2 dh, and that becomes dhprebn.
        dh.addcmul_(torch.mul(self.h, self.h, out=self.product), dh, value=-1.0)
        torch.sum(dh, 0, keepdim=True, out=dbnbias)
        torch.sum(torch.mul(dh, bnraw, out=self.product), 0, keepdim=True, out=dbngain)
        dh.sub_(dbnbias, alpha=1 / n).addcmul_(bnraw, dbngain, value=-1 / (n - 1))
        dh.mul_(self.bnvar_inv.mul_(bngain))
        torch.mm(self.embcat.T, dh, out=dW1)
        torch.sum(dh, 0, out=db1)
        torch.mm(dh, W1.T, out=self.dembcat)
        dC.zero_().index_add_(0, self.Xb.view(-1), self.demb)

    def update(self, learning_rate: float) -> None:
        """All parameters are views of one tensor, so one operation moves all of them."""
        self.flat.sub_(self.slopes, alpha=learning_rate / len(self.h))


def train_fast(
    X: Tensor,
    Y: Tensor,
    C: Tensor,
    W1: Tensor,
    b1: Tensor,
    W2: Tensor,
    b2: Tensor,
    bngain: Tensor,
    bnbias: Tensor,
    generator: Generator,
    steps: int,
    batch_size: int,
    decay_at: int,
) -> tuple[Tensor, ...]:
    """The loop of exercise 4 without an allocation in it."""
    step = Step((C, W1, b1, W2, b2, bngain, bnbias), batch_size, X.shape[1])
    for i in range(steps):
        step.draw(X, Y, generator)
        step.forward()
        step.backward()
        step.update(0.1 if i < decay_at else 0.01)
    return tuple(step.parameters)
