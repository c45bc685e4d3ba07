"""Bonus exercise 5: the leaky abstraction.

Replace each `raise NotImplementedError` by your own code, without autograd. A function
gets what it asks for by name: change the parameters if you want other tensors. Then run
`grader check`, and `grader hint TASK` where you are stuck.
"""

from collections.abc import Callable

import torch
from torch import Generator, Tensor


def dhprebn(hprebn: Tensor, bngain: Tensor, dhpreact_biased: Tensor) -> Tensor:
    """Gradient of the loss with respect to hprebn (n, hidden).

    The forward pass reads it in:

        mean, var = hprebn.mean(0, keepdim=True), hprebn.var(0, keepdim=True, unbiased=False)
        hpreact_biased = bngain * (hprebn - mean) * (var + 1e-5) ** -0.5 + bnbias  # (n, hidden)

    Given:

        hprebn           (n, hidden)
        bngain           (1, hidden)
        dhpreact_biased  (n, hidden)
    """
    raise NotImplementedError


def numerical_gradient(f: Callable[[Tensor], Tensor], x: Tensor, step: float) -> Tensor:
    """Gradient of `f` at `x` by central differences: how gradients were checked before autograd.

    f takes a tensor in the shape of x, of any floating dtype, and returns a tensor without
    dimensions. Compute in float64, whatever the dtype of x: in float32 the difference of two
    nearby values is mostly rounding. Move one entry of x at a time by `step` up and down. Leave x
    as it was. Return float64, in the shape of x.
    """
    raise NotImplementedError


def clip_gradients(gradients: list[Tensor], max_norm: float) -> list[Tensor]:
    """Clip gradients by their common norm.

    Code found in the wild clamps the *loss* at a maximum instead. A clamped loss is flat there, so
    the gradient of exactly the examples that are most wrong becomes zero and they are never learnt.

    The norm is that of all gradients laid end to end, sqrt(sum of squares). If it exceeds max_norm,
    scale all of them by the same factor so that it equals max_norm: the direction stays, every
    example still pulls. Otherwise return equal ones. Return a list in the given order, and leave
    the given tensors as they are.
    """
    raise NotImplementedError


def saturation(h: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
    """How much of a tanh layer no longer learns.

    h (n, hidden) are activations of tanh. A unit is saturated on an example where |h| > threshold:
    there 1 - h^2 is almost zero and so is the gradient that passes. A neuron is dead if it is
    saturated on every example of the batch. Return two numbers: the saturated fraction of all
    entries and the fraction of neurons that are dead.
    """
    raise NotImplementedError


def embedding_backward(demb: Tensor, Xb: Tensor, vocab: int) -> Tensor:
    """The embedding's gradient without a Python loop.

    demb (n, block_size, n_embd) holds one gradient for each character looked up by
    Xb (n, block_size). Add each to the row of its character. Return dC (vocab, n_embd). For 100,000
    characters it may take a quarter of the processor time of a Python loop over them.
    """
    raise NotImplementedError


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
    raise NotImplementedError
