"""Exercise 4: training without autograd. Here is the same training *with* autograd.

Each function is one task. Its signature and docstring are what a student gets; its body is the
reference. It is made of the forward lines and of autograd, so that it shows no gradient to whoever
reads it, students included; only `sample` cannot be told in that way.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from grader.course import compact, ex2_cross_entropy
from grader.course.network import PARAMETERS


def _named(*parameters: Tensor) -> dict[str, Tensor]:
    return dict(zip(PARAMETERS, parameters, strict=True))


def backward(
    Xb: Tensor,
    Yb: Tensor,
    C: Tensor,
    W1: Tensor,
    b1: Tensor,
    W2: Tensor,
    b2: Tensor,
    bngain: Tensor,
    bnbias: Tensor,
) -> tuple[Tensor, ...]:
    """Gradients of the loss with respect to all seven parameters, for one minibatch.

    Run the forward pass in its compact form (embedding, linear, batch norm with the n - 1 variance
    and epsilon 1e-5, tanh, linear, cross-entropy), then go back by hand with the formulas of
    exercises 1 to 3.

    Xb is (n, block_size), Yb is (n,). Return `dC, dW1, db1, dW2, db2, dbngain, dbnbias`, each in
    the shape of its parameter.
    """
    p = _named(C, W1, b1, W2, b2, bngain, bnbias)
    leaves = {name: value.detach().clone().requires_grad_() for name, value in p.items()}
    with torch.enable_grad():
        loss = ex2_cross_entropy.loss(compact.logits(Xb, leaves), Yb)
    return torch.autograd.grad(loss, list(leaves.values()))


def train(
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
    """Train for `steps` steps of stochastic gradient descent and return the seven parameters.

    Step i, for i = 0 .. steps - 1:

    1. draw the minibatch with one call,
       `torch.randint(0, X.shape[0], (batch_size,), generator=generator)`, and take those rows of
       X (N, block_size) and Y (N,);
    2. compute the gradients of that minibatch by hand;
    3. subtract learning rate times gradient from every parameter; the learning rate is 0.1 while
       i < decay_at and 0.01 from then on.

    Draw nothing else from the generator. Return `C, W1, b1, W2, b2, bngain, bnbias`; changing the
    given tensors in place is allowed.
    """
    moving = tuple(t.detach().clone() for t in (C, W1, b1, W2, b2, bngain, bnbias))
    for rate in [0.1] * min(steps, decay_at) + [0.01] * max(0, steps - decay_at):
        rows = torch.randint(0, X.shape[0], (batch_size,), generator=generator)
        slopes = backward(X[rows], Y[rows], *moving)
        moving = tuple(old - rate * slope for old, slope in zip(moving, slopes, strict=True))
    return moving


def calibrate_batchnorm(X: Tensor, C: Tensor, W1: Tensor, b1: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of each feature before batch norm, over the whole training set.

    After training these two take the place of the minibatch's own statistics. X is (N, block_size);
    the variance is the unbiased one (N - 1). Return `bnmean, bnvar`, each (1, hidden).
    """
    return compact.statistics(X, {"C": C, "W1": W1, "b1": b1})


def evaluate(
    X: Tensor,
    Y: Tensor,
    C: Tensor,
    W1: Tensor,
    b1: Tensor,
    W2: Tensor,
    b2: Tensor,
    bngain: Tensor,
    bnbias: Tensor,
    bnmean: Tensor,
    bnvar: Tensor,
) -> Tensor:
    """Mean cross-entropy of a split, with calibrated batch-norm statistics.

    X is (N, block_size), Y is (N,), bnmean and bnvar are (1, hidden); epsilon is 1e-5. Return one
    number: a tensor without dimensions or a float.
    """
    p = _named(C, W1, b1, W2, b2, bngain, bnbias) | {"bnmean": bnmean, "bnvar": bnvar}
    return ex2_cross_entropy.loss(compact.logits_calibrated(X, p), Y)


def sample(
    C: Tensor,
    W1: Tensor,
    b1: Tensor,
    W2: Tensor,
    b2: Tensor,
    bngain: Tensor,
    bnbias: Tensor,
    bnmean: Tensor,
    bnvar: Tensor,
    generator: Generator,
    count: int,
    block_size: int,
    alphabet: str,
) -> list[str]:
    """Draw `count` names from the trained model, one character at a time.

    A name starts from a context of block_size zeros. Each character is one draw,
    `torch.multinomial(probs, num_samples=1, generator=generator)`, from the softmax of the logits
    of the current context, with calibrated batch-norm statistics (epsilon 1e-5). Index 0 ends the
    name; any other index i is the character `alphabet[i]`, and the context moves on by one. Return
    the names as a list of strings, without the end marker.
    """
    p = _named(C, W1, b1, W2, b2, bngain, bnbias)
    p |= {"bnmean": bnmean, "bnvar": bnvar}
    names = []
    for _ in range(count):
        context, letters = [0] * block_size, ""
        while True:
            probs = compact.logits_calibrated(torch.tensor([context]), p).softmax(1)
            ix = int(torch.multinomial(probs, num_samples=1, generator=generator))
            if ix == 0:
                break
            context, letters = [*context[1:], ix], letters + alphabet[ix]
        names.append(letters)
    return names
