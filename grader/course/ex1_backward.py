"""Exercise 1: the expanded forward pass, one function a line.

This module is the specification of the exercise. A function is one line of the forward pass: its
name is the tensor it makes, its parameters are the tensors it reads. The tasks, their reference
gradients, what a stub may ask for, the order of the backward pass and the texts of the stubs all
follow from these lines.

The leaves, tensors that no line makes, are the parameters `C W1 b1 bngain bnbias W2 b2` and the
integer batch `Xb Yb`; `grader/course/network.py` draws them.
"""

from torch import Tensor


def emb(C: Tensor, Xb: Tensor) -> Tensor:
    """Look up a row of the embedding table for every character of every context."""
    return C[Xb]


def embcat(emb: Tensor) -> Tensor:
    """Lay the embeddings of one context side by side."""
    return emb.view(emb.shape[0], -1)


def hprebn(embcat: Tensor, W1: Tensor, b1: Tensor) -> Tensor:
    """First linear layer."""
    return embcat @ W1 + b1


def bnmeani(hprebn: Tensor) -> Tensor:
    """Batch norm: the mean of each feature over the batch."""
    return hprebn.mean(0, keepdim=True)


def bndiff(hprebn: Tensor, bnmeani: Tensor) -> Tensor:
    """Batch norm: centre each feature."""
    return hprebn - bnmeani


def bndiff2(bndiff: Tensor) -> Tensor:
    """Batch norm: squared distance from the mean."""
    return bndiff**2


def bnvar(bndiff2: Tensor) -> Tensor:
    """Batch norm: unbiased variance, with Bessel's correction (n - 1)."""
    return bndiff2.sum(0, keepdim=True) / (bndiff2.shape[0] - 1)


def bnvar_inv(bnvar: Tensor) -> Tensor:
    """Batch norm: one over the standard deviation; 1e-5 keeps a constant feature finite."""
    return (bnvar + 1e-5) ** -0.5


def bnraw(bndiff: Tensor, bnvar_inv: Tensor) -> Tensor:
    """Batch norm: features with mean 0 and variance 1."""
    return bndiff * bnvar_inv


def hpreact(bngain: Tensor, bnraw: Tensor, bnbias: Tensor) -> Tensor:
    """Batch norm: a learnt scale and shift for each feature."""
    return bngain * bnraw + bnbias


def h(hpreact: Tensor) -> Tensor:
    """Non-linearity."""
    return hpreact.tanh()


def logits(h: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
    """Second linear layer: one score for each character of the vocabulary."""
    return h @ W2 + b2


def logit_maxes(logits: Tensor) -> Tensor:
    """Cross-entropy: the largest logit of each row, subtracted for numerical stability only."""
    return logits.max(1, keepdim=True).values


def norm_logits(logits: Tensor, logit_maxes: Tensor) -> Tensor:
    """Cross-entropy: logits shifted so that the largest of each row is 0."""
    return logits - logit_maxes


def counts(norm_logits: Tensor) -> Tensor:
    """Cross-entropy: unnormalised probabilities."""
    return norm_logits.exp()


def counts_sum(counts: Tensor) -> Tensor:
    """Cross-entropy: the normaliser of each row."""
    return counts.sum(1, keepdim=True)


def counts_sum_inv(counts_sum: Tensor) -> Tensor:
    """Cross-entropy: one over the normaliser."""
    return counts_sum**-1


def probs(counts: Tensor, counts_sum_inv: Tensor) -> Tensor:
    """Cross-entropy: rows that sum to 1."""
    return counts * counts_sum_inv


def logprobs(probs: Tensor) -> Tensor:
    """Cross-entropy: log-probabilities."""
    return probs.log()


def loss(logprobs: Tensor, Yb: Tensor) -> Tensor:
    """Mean negative log-probability of the labels."""
    return -logprobs[range(len(Yb)), Yb].mean()


# Where a row attains its maximum twice, `max` has more than one subgradient. Autograd sends it all
# to the first index; splitting it evenly, as `amax` does, is as right. An answer may be either.
OTHER_SUBGRADIENTS = {"logit_maxes": lambda logits: logits.amax(1, keepdim=True)}
