"""Exercise 1: the backward pass, line by line, from the loss to the embedding table.

Each function gets forward tensors and the gradients that have already arrived, by name, and
returns the gradient of the loss with respect to one tensor.
"""

import torch
from torch import Tensor


def dlogprobs(logprobs: Tensor, Yb: Tensor) -> Tensor:
    """Only the labels' entries reach the loss, each with weight -1/n; the rest get nothing."""
    n = Yb.shape[0]
    dlogprobs = torch.zeros_like(logprobs)  # (n, vocab)
    dlogprobs[torch.arange(n), Yb] = -1.0 / n
    return dlogprobs


def dprobs(probs: Tensor, dlogprobs: Tensor) -> Tensor:
    """The slope of log is 1/x: labels with a small probability are boosted the most."""
    return dlogprobs / probs  # (n, vocab)


def dcounts_sum_inv(counts: Tensor, dprobs: Tensor) -> Tensor:
    """One inverse serves a whole row by broadcasting, so its gradient sums over that row."""
    return (counts * dprobs).sum(1, keepdim=True)  # (n, 1)


def dcounts_sum(counts_sum: Tensor, dcounts_sum_inv: Tensor) -> Tensor:
    """The slope of 1/x is -1/x^2."""
    return -(counts_sum**-2) * dcounts_sum_inv  # (n, 1)


def dcounts(counts_sum_inv: Tensor, dprobs: Tensor, dcounts_sum: Tensor) -> Tensor:
    """counts is read twice: as the numerator of probs, and by the sum, which hands its gradient
    to every entry of the row alike.
    """
    return counts_sum_inv * dprobs + dcounts_sum  # (n, vocab) + (n, 1)


def dnorm_logits(counts: Tensor, dcounts: Tensor) -> Tensor:
    """exp is its own slope, and counts already holds it."""
    return counts * dcounts  # (n, vocab)


def dlogit_maxes(dnorm_logits: Tensor) -> Tensor:
    """The maximum is subtracted from every entry of its row: minus one for each, summed."""
    return -dnorm_logits.sum(1, keepdim=True)  # (n, 1)


def dlogits(
    logits: Tensor, logit_maxes: Tensor, dnorm_logits: Tensor, dlogit_maxes: Tensor
) -> Tensor:
    """logits is read twice: directly, and by the maximum, whose gradient goes to the one entry of
    each row that attained it.
    """
    dlogits = dnorm_logits.clone()  # (n, vocab)
    rows, columns = torch.arange(logits.shape[0]), logits.max(1).indices
    dlogits[rows, columns] += dlogit_maxes.squeeze(1)
    return dlogits


def dh(W2: Tensor, dlogits: Tensor) -> Tensor:
    """Each hidden unit feeds every logit through its row of W2, so gradients return along it."""
    return dlogits @ W2.T  # (n, vocab) @ (vocab, hidden)


def dW2(h: Tensor, dlogits: Tensor) -> Tensor:
    """A weight joins one hidden unit to one logit, in every example: the product, summed over the
    batch by the matrix multiplication.
    """
    return h.T @ dlogits  # (hidden, n) @ (n, vocab)


def db2(dlogits: Tensor) -> Tensor:
    """The bias is added to every row, so its gradient sums over the batch."""
    return dlogits.sum(0)  # (vocab,)


def dhpreact(h: Tensor, dh: Tensor) -> Tensor:
    """The slope of tanh, in terms of its output, is 1 - h^2."""
    return (1.0 - h**2) * dh  # (n, hidden)


def dbngain(bnraw: Tensor, dhpreact: Tensor) -> Tensor:
    """One gain scales a feature in the whole batch: the product, summed over the batch."""
    return (bnraw * dhpreact).sum(0, keepdim=True)  # (1, hidden)


def dbnbias(dhpreact: Tensor) -> Tensor:
    """One shift is added to a feature in the whole batch: the sum over the batch."""
    return dhpreact.sum(0, keepdim=True)  # (1, hidden)


def dbnraw(bngain: Tensor, dhpreact: Tensor) -> Tensor:
    """Each entry was multiplied by its feature's gain."""
    return bngain * dhpreact  # (n, hidden)


def dbnvar_inv(bndiff: Tensor, dbnraw: Tensor) -> Tensor:
    """One factor scales a feature in the whole batch: the product, summed over the batch."""
    return (bndiff * dbnraw).sum(0, keepdim=True)  # (1, hidden)


def dbnvar(bnvar: Tensor, dbnvar_inv: Tensor) -> Tensor:
    """The power rule: the slope of (x + eps)^-0.5 is -0.5 (x + eps)^-1.5."""
    return -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv  # (1, hidden)


def dbndiff2(bndiff2: Tensor, dbnvar: Tensor) -> Tensor:
    """A sum down the batch in the forward pass is a broadcast down the batch on the way back."""
    n = bndiff2.shape[0]
    return dbnvar.expand_as(bndiff2) / (n - 1)  # (n, hidden)


def dbndiff(bndiff: Tensor, bnvar_inv: Tensor, dbnraw: Tensor, dbndiff2: Tensor) -> Tensor:
    """bndiff is read twice: scaled into bnraw, and squared on the way to the variance."""
    return bnvar_inv * dbnraw + 2.0 * bndiff * dbndiff2  # (n, hidden)


def dbnmeani(dbndiff: Tensor) -> Tensor:
    """One mean is subtracted from a feature in the whole batch: minus the sum over the batch."""
    return -dbndiff.sum(0, keepdim=True)  # (1, hidden)


def dhprebn(hprebn: Tensor, dbndiff: Tensor, dbnmeani: Tensor) -> Tensor:
    """hprebn is read twice: directly, and by the mean, where each example has the weight 1/n."""
    return dbndiff + dbnmeani / hprebn.shape[0]  # (n, hidden) + (1, hidden)


def dembcat(W1: Tensor, dhprebn: Tensor) -> Tensor:
    """A linear layer again: gradients return along the rows of its weights."""
    return dhprebn @ W1.T  # (n, hidden) @ (hidden, block_size * n_embd)


def dW1(embcat: Tensor, dhprebn: Tensor) -> Tensor:
    """A linear layer again: input times upstream gradient, summed over the batch."""
    return embcat.T @ dhprebn  # (block_size * n_embd, n) @ (n, hidden)


def db1(dhprebn: Tensor) -> Tensor:
    """The bias is added to every row. On the true chain this sum vanishes: batch norm takes out
    whatever the bias adds.
    """
    return dhprebn.sum(0)  # (hidden,)


def demb(emb: Tensor, dembcat: Tensor) -> Tensor:
    """Laying embeddings side by side moves no number: undo the reshaping."""
    return dembcat.reshape(emb.shape)  # (n, block_size, n_embd)


def dC(C: Tensor, Xb: Tensor, demb: Tensor) -> Tensor:
    """A row of the table that was looked up many times gets the sum of all those gradients."""
    dC = torch.zeros_like(C)  # (vocab, n_embd)
    dC.index_add_(0, Xb.flatten(), demb.flatten(0, 1))
    return dC
