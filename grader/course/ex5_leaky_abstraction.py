"""Exercise 5, bonus: where backpropagation leaks through the abstraction.

`hpreact_biased` is a forward line like those of exercise 1. The other functions are tasks: their
signatures and docstrings are what a student gets, their bodies are the references.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from grader.course import ex1_backward, ex4_training


def hpreact_biased(hprebn: Tensor, bngain: Tensor, bnbias: Tensor) -> Tensor:
    """Batch norm as its paper trains it: the biased variance (1/n), epsilon 1e-5."""
    mean, var = hprebn.mean(0, keepdim=True), hprebn.var(0, keepdim=True, unbiased=False)
    return bngain * (hprebn - mean) * (var + 1e-5) ** -0.5 + bnbias


def numerical_gradient(f: Callable[[Tensor], Tensor], x: Tensor, step: float) -> Tensor:
    """Gradient of `f` at `x` by central differences: how gradients were checked before autograd.

    f takes a tensor in the shape of x, of any floating dtype, and returns a tensor without
    dimensions. Compute in float64, whatever the dtype of x: in float32 the difference of two
    nearby values is mostly rounding. Move one entry of x at a time by `step` up and down. Leave x
    as it was. Return float64, in the shape of x.
    """
    flat = x.detach().double().flatten()
    moves = step * torch.eye(flat.numel(), dtype=torch.float64)
    up = torch.stack([f((flat + move).view(x.shape)) for move in moves])
    down = torch.stack([f((flat - move).view(x.shape)) for move in moves])
    return ((up - down) / (2 * step)).view(x.shape)


def clip_gradients(gradients: list[Tensor], max_norm: float) -> list[Tensor]:
    """Clip gradients by their common norm.

    Code found in the wild clamps the *loss* at a maximum instead. A clamped loss is flat there, so
    the gradient of exactly the examples that are most wrong becomes zero and they are never learnt.

    The norm is that of all gradients laid end to end, sqrt(sum of squares). If it exceeds max_norm,
    scale all of them by the same factor so that it equals max_norm: the direction stays, every
    example still pulls. Otherwise return equal ones. Return a list in the given order, and leave
    the given tensors as they are.
    """
    copies = [gradient.detach().clone() for gradient in gradients]
    norm = torch.linalg.vector_norm(torch.cat([copy.flatten() for copy in copies]))
    return [copy * min(1.0, max_norm / norm.item()) for copy in copies]


def saturation(h: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
    """How much of a tanh layer no longer learns.

    h (n, hidden) are activations of tanh. A unit is saturated on an example where |h| > threshold:
    there 1 - h^2 is almost zero and so is the gradient that passes. A neuron is dead if it is
    saturated on every example of the batch. Return two numbers: the saturated fraction of all
    entries and the fraction of neurons that are dead.
    """
    saturated = (h.abs() > threshold).double()
    return saturated.mean(), saturated.amin(0).mean()


def embedding_backward(demb: Tensor, Xb: Tensor, vocab: int) -> Tensor:
    """The embedding's gradient without a Python loop.

    demb (n, block_size, n_embd) holds one gradient for each character looked up by
    Xb (n, block_size). Add each to the row of its character. Return dC (vocab, n_embd). For 100,000
    characters it may take a quarter of the processor time of a Python loop over them.
    """
    with torch.enable_grad():
        table = demb.new_zeros(vocab, demb.shape[2], requires_grad=True)
        reached = (ex1_backward.emb(table, Xb) * demb).sum()
    (gradient,) = torch.autograd.grad(reached, table)
    return gradient


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
    """The training loop of exercise 4 with a huge embedding table: a step must not cost more with
    a larger table.

    Arguments, minibatches, updates and results are those of exercise 4's `train`, but C may have a
    million rows, of which a minibatch looks up a few dozen. All others have the gradient zero and
    stay as they are: a step that makes a gradient in the shape of C, or a new C, spends nearly all
    of its time on them. The classes stay few: W2 is (hidden, 27) all the same.

    What is measured is the processor time of 100 steps with 1,000,000 rows of 10. It may be a
    quarter of what it takes only to fill a tensor in the shape of C with zeros and to subtract it
    from C, 100 times. Return `C, W1, b1, W2, b2, bngain, bnbias`; changing the given tensors in
    place is allowed.
    """
    start = (X, Y, C, W1, b1, W2, b2, bngain, bnbias)
    return ex4_training.train(*start, generator, steps, batch_size, decay_at)
