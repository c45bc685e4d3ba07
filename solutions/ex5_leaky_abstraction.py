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


def behind_the_table(
    embcat: Tensor, Yb: Tensor, parameters: list[Tensor]
) -> tuple[Tensor, list[Tensor]]:
    """Gradients of a minibatch: dembcat, and those of all parameters but C."""
    W1, b1, W2, b2, bngain, bnbias = parameters
    n = len(Yb)
    hprebn = embcat @ W1 + b1  # (n, hidden)
    bnvar, bnmean = torch.var_mean(hprebn, 0, keepdim=True)  # (1, hidden), n - 1
    bnvar_inv = (bnvar + 1e-5) ** -0.5
    bnraw = (hprebn - bnmean) * bnvar_inv
    h = torch.tanh(bngain * bnraw + bnbias)  # (n, hidden)
    dlogits = torch.softmax(h @ W2 + b2, 1)  # (n, vocab)
    dlogits[torch.arange(n), Yb] -= 1.0
    dlogits /= n
    dhpreact = (1.0 - h**2) * (dlogits @ W2.T)
    dbngain = (bnraw * dhpreact).sum(0, keepdim=True)  # (1, hidden)
    dbnbias = dhpreact.sum(0, keepdim=True)
    dhprebn = bngain * bnvar_inv * (dhpreact - dbnbias / n - bnraw * (dbngain / (n - 1)))
    gradients = [embcat.T @ dhprebn, dhprebn.sum(0), h.T @ dlogits, dlogits.sum(0)]
    return dhprebn @ W1.T, [*gradients, dbngain, dbnbias]


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
    """Only what was looked up moves: index_add_ subtracts the gradients of a minibatch from their
    rows of C, and no tensor in the shape of C is ever made.
    """
    parameters = [W1, b1, W2, b2, bngain, bnbias]
    for i in range(steps):
        ix = torch.randint(0, X.shape[0], (batch_size,), generator=generator)
        characters = X[ix].flatten()  # (n * block_size)
        embcat = C[characters].view(batch_size, -1)  # (n, block_size * n_embd)
        dembcat, gradients = behind_the_table(embcat, Y[ix], parameters)
        learning_rate = 0.1 if i < decay_at else 0.01
        C.index_add_(0, characters, dembcat.view(-1, C.shape[1]), alpha=-learning_rate)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter -= learning_rate * gradient
    return (C, *parameters)
