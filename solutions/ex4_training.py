"""Exercise 4: the whole training loop, without autograd."""

import torch
from torch import Generator, Tensor
from torch.nn import functional


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
    """Six lines forward, and the formulas of exercises 1 to 3 back in the opposite order."""
    n = Xb.shape[0]
    embcat = C[Xb].flatten(1)  # (n, block_size * n_embd)
    hprebn = embcat @ W1 + b1  # (n, hidden)
    bnvar, bnmean = torch.var_mean(hprebn, 0, keepdim=True)  # (1, hidden), n - 1
    bnvar_inv = (bnvar + 1e-5) ** -0.5
    bnraw = (hprebn - bnmean) * bnvar_inv  # (n, hidden)
    h = torch.tanh(bngain * bnraw + bnbias)  # (n, hidden)
    logits = h @ W2 + b2  # (n, vocab)

    dlogits = functional.softmax(logits, 1)  # (n, vocab)
    dlogits[torch.arange(n), Yb] -= 1.0
    dlogits /= n
    dW2, db2 = h.T @ dlogits, dlogits.sum(0)
    dhpreact = (1.0 - h**2) * (dlogits @ W2.T)  # (n, hidden)
    dbngain = (bnraw * dhpreact).sum(0, keepdim=True)  # (1, hidden)
    dbnbias = dhpreact.sum(0, keepdim=True)  # (1, hidden)
    # The two sums that batch norm's own gradient needs are those of its gain and shift.
    centred = dhpreact - dbnbias / n - bnraw * (dbngain / (n - 1))
    dhprebn = bngain * bnvar_inv * centred  # (n, hidden)
    dW1, db1 = embcat.T @ dhprebn, dhprebn.sum(0)
    demb = (dhprebn @ W1.T).view(-1, C.shape[1])  # (n * block_size, n_embd)
    dC = torch.zeros_like(C).index_add_(0, Xb.flatten(), demb)
    return dC, dW1, db1, dW2, db2, dbngain, dbnbias


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
    """Stochastic gradient descent needs nothing but the gradients of a minibatch, whoever computes
    them.
    """
    parameters = (C, W1, b1, W2, b2, bngain, bnbias)
    for i in range(steps):
        ix = torch.randint(0, X.shape[0], (batch_size,), generator=generator)
        gradients = backward(X[ix], Y[ix], *parameters)
        learning_rate = 0.1 if i < decay_at else 0.01
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter -= learning_rate * gradient
    return parameters


def calibrate_batchnorm(X: Tensor, C: Tensor, W1: Tensor, b1: Tensor) -> tuple[Tensor, Tensor]:
    """A single name has no batch to take statistics from, so they are fixed once, from all data."""
    hprebn = C[X].flatten(1) @ W1 + b1  # (N, hidden)
    bnvar, bnmean = torch.var_mean(hprebn, 0, keepdim=True)  # (1, hidden) each
    return bnmean, bnvar


def logits_of(X, C, W1, b1, W2, b2, bngain, bnbias, bnmean, bnvar):
    """Forward pass with calibrated statistics: X (N, block_size) to logits (N, vocab)."""
    hprebn = C[X].flatten(1) @ W1 + b1  # (N, hidden)
    hpreact = bngain * (hprebn - bnmean) * (bnvar + 1e-5) ** -0.5 + bnbias
    return torch.tanh(hpreact) @ W2 + b2


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
    """With fixed statistics each example stands for itself, so the whole split goes at once."""
    logits = logits_of(X, C, W1, b1, W2, b2, bngain, bnbias, bnmean, bnvar)
    return functional.cross_entropy(logits, Y)


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
    """The model only ever predicts the next character; a name is what comes before the first 0."""
    names = []
    for _ in range(count):
        name, context = "", [0] * block_size
        while True:
            X = torch.tensor([context])  # (1, block_size)
            logits = logits_of(X, C, W1, b1, W2, b2, bngain, bnbias, bnmean, bnvar)
            probs = functional.softmax(logits, 1)  # (1, vocab)
            ix = torch.multinomial(probs, num_samples=1, generator=generator).item()
            if ix == 0:
                break
            name += alphabet[ix]
            context = [*context[1:], ix]
        names.append(name)
    return names
