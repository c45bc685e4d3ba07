"""Exercise 4: training without autograd. Here is the same training *with* autograd.

Each function is one task. Its signature and docstring are what a student gets; its body is the
reference, which leaves every gradient to autograd.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn import functional

from grader.course import ex3_batchnorm
from grader.course.network import PARAMETERS


def _logits(X: Tensor, p: dict[str, Tensor]) -> Tensor:
    """Forward pass of a minibatch in five lines: X (n, block_size) to logits (n, vocab)."""
    embcat = p["C"][X].flatten(1)
    hpreact = ex3_batchnorm.hpreact(embcat @ p["W1"] + p["b1"], p["bngain"], p["bnbias"])
    return hpreact.tanh() @ p["W2"] + p["b2"]


def _logits_calibrated(X: Tensor, p: dict[str, Tensor]) -> Tensor:
    """Forward pass with fixed batch-norm statistics, as it is used after training."""
    hprebn = p["C"][X].flatten(1) @ p["W1"] + p["b1"]
    bnraw = (hprebn - p["bnmean"]) * (p["bnvar"] + 1e-5) ** -0.5
    return (p["bngain"] * bnraw + p["bnbias"]).tanh() @ p["W2"] + p["b2"]


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
        loss = functional.cross_entropy(_logits(Xb, leaves), Yb)
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
    parameters = [t.detach().clone() for t in (C, W1, b1, W2, b2, bngain, bnbias)]
    for i in range(steps):
        ix = torch.randint(0, X.shape[0], (batch_size,), generator=generator)
        gradients = backward(X[ix], Y[ix], *parameters)
        learning_rate = 0.1 if i < decay_at else 0.01
        parameters = [p - learning_rate * d for p, d in zip(parameters, gradients, strict=True)]
    return tuple(parameters)


def calibrate_batchnorm(X: Tensor, C: Tensor, W1: Tensor, b1: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of each feature before batch norm, over the whole training set.

    After training these two take the place of the minibatch's own statistics. X is (N, block_size);
    the variance is the unbiased one (N - 1). Return `bnmean, bnvar`, each (1, hidden).
    """
    hprebn = C[X].flatten(1) @ W1 + b1
    return hprebn.mean(0, keepdim=True), hprebn.var(0, keepdim=True, unbiased=True)


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
    p = _named(C, W1, b1, W2, b2, bngain, bnbias)
    return functional.cross_entropy(
        _logits_calibrated(X, {**p, "bnmean": bnmean, "bnvar": bnvar}), Y
    )


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
            probs = _logits_calibrated(torch.tensor([context]), p).softmax(1)
            ix = int(torch.multinomial(probs, num_samples=1, generator=generator))
            if ix == 0:
                break
            context, letters = [*context[1:], ix], letters + alphabet[ix]
        names.append(letters)
    return names
