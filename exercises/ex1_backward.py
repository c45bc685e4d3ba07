"""Exercise 1: the backward pass, line by line.

Replace each `raise NotImplementedError` by your own code, without autograd. A function
gets what it asks for by name: change the parameters if you want other tensors. Then run
`grader check`, and `grader hint TASK` where you are stuck.
"""

import torch
from torch import Tensor


def dlogprobs(logprobs: Tensor, Yb: Tensor) -> Tensor:
    """Gradient of the loss with respect to logprobs (n, vocab).

    The forward pass reads it in:

        loss = -logprobs[range(len(Yb)), Yb].mean()  # ()

    Given:

        logprobs  (n, vocab)
        Yb        (n,)
    """
    raise NotImplementedError


def dprobs(probs: Tensor, dlogprobs: Tensor) -> Tensor:
    """Gradient of the loss with respect to probs (n, vocab).

    The forward pass reads it in:

        logprobs = probs.log()  # (n, vocab)

    Given:

        probs      (n, vocab)
        dlogprobs  (n, vocab)
    """
    raise NotImplementedError


def dcounts_sum_inv(counts: Tensor, dprobs: Tensor) -> Tensor:
    """Gradient of the loss with respect to counts_sum_inv (n, 1).

    The forward pass reads it in:

        probs = counts * counts_sum_inv  # (n, vocab)

    Given:

        counts  (n, vocab)
        dprobs  (n, vocab)
    """
    raise NotImplementedError


def dcounts_sum(counts_sum: Tensor, dcounts_sum_inv: Tensor) -> Tensor:
    """Gradient of the loss with respect to counts_sum (n, 1).

    The forward pass reads it in:

        counts_sum_inv = counts_sum**-1  # (n, 1)

    Given:

        counts_sum       (n, 1)
        dcounts_sum_inv  (n, 1)
    """
    raise NotImplementedError


def dcounts(counts_sum_inv: Tensor, dprobs: Tensor, dcounts_sum: Tensor) -> Tensor:
    """Gradient of the loss with respect to counts (n, vocab).

    The forward pass reads it in 2 lines:

        counts_sum = counts.sum(1, keepdim=True)  # (n, 1)
        probs = counts * counts_sum_inv  # (n, vocab)

    Given:

        counts_sum_inv  (n, 1)
        dprobs          (n, vocab)
        dcounts_sum     (n, 1)
    """
    raise NotImplementedError


def dnorm_logits(counts: Tensor, dcounts: Tensor) -> Tensor:
    """Gradient of the loss with respect to norm_logits (n, vocab).

    The forward pass reads it in:

        counts = norm_logits.exp()  # (n, vocab)

    Given:

        counts   (n, vocab)
        dcounts  (n, vocab)
    """
    raise NotImplementedError


def dlogit_maxes(dnorm_logits: Tensor) -> Tensor:
    """Gradient of the loss with respect to logit_maxes (n, 1).

    The forward pass reads it in:

        norm_logits = logits - logit_maxes  # (n, vocab)

    Given:

        dnorm_logits  (n, vocab)
    """
    raise NotImplementedError


def dlogits(
    logits: Tensor, logit_maxes: Tensor, dnorm_logits: Tensor, dlogit_maxes: Tensor
) -> Tensor:
    """Gradient of the loss with respect to logits (n, vocab).

    The forward pass reads it in 2 lines:

        logit_maxes = logits.max(1, keepdim=True).values  # (n, 1)
        norm_logits = logits - logit_maxes  # (n, vocab)

    Given:

        logits        (n, vocab)
        logit_maxes   (n, 1)
        dnorm_logits  (n, vocab)
        dlogit_maxes  (n, 1)
    """
    raise NotImplementedError


def dh(W2: Tensor, dlogits: Tensor) -> Tensor:
    """Gradient of the loss with respect to h (n, hidden).

    The forward pass reads it in:

        logits = h @ W2 + b2  # (n, vocab)

    Given:

        W2       (hidden, vocab)
        dlogits  (n, vocab)
    """
    raise NotImplementedError


def dW2(h: Tensor, dlogits: Tensor) -> Tensor:
    """Gradient of the loss with respect to W2 (hidden, vocab).

    The forward pass reads it in:

        logits = h @ W2 + b2  # (n, vocab)

    Given:

        h        (n, hidden)
        dlogits  (n, vocab)
    """
    raise NotImplementedError


def db2(dlogits: Tensor) -> Tensor:
    """Gradient of the loss with respect to b2 (vocab,).

    The forward pass reads it in:

        logits = h @ W2 + b2  # (n, vocab)

    Given:

        dlogits  (n, vocab)
    """
    raise NotImplementedError


def dhpreact(h: Tensor, dh: Tensor) -> Tensor:
    """Gradient of the loss with respect to hpreact (n, hidden).

    The forward pass reads it in:

        h = hpreact.tanh()  # (n, hidden)

    Given:

        h   (n, hidden)
        dh  (n, hidden)
    """
    raise NotImplementedError


def dbngain(bnraw: Tensor, dhpreact: Tensor) -> Tensor:
    """Gradient of the loss with respect to bngain (1, hidden).

    The forward pass reads it in:

        hpreact = bngain * bnraw + bnbias  # (n, hidden)

    Given:

        bnraw     (n, hidden)
        dhpreact  (n, hidden)
    """
    raise NotImplementedError


def dbnbias(dhpreact: Tensor) -> Tensor:
    """Gradient of the loss with respect to bnbias (1, hidden).

    The forward pass reads it in:

        hpreact = bngain * bnraw + bnbias  # (n, hidden)

    Given:

        dhpreact  (n, hidden)
    """
    raise NotImplementedError


def dbnraw(bngain: Tensor, dhpreact: Tensor) -> Tensor:
    """Gradient of the loss with respect to bnraw (n, hidden).

    The forward pass reads it in:

        hpreact = bngain * bnraw + bnbias  # (n, hidden)

    Given:

        bngain    (1, hidden)
        dhpreact  (n, hidden)
    """
    raise NotImplementedError


def dbnvar_inv(bndiff: Tensor, dbnraw: Tensor) -> Tensor:
    """Gradient of the loss with respect to bnvar_inv (1, hidden).

    The forward pass reads it in:

        bnraw = bndiff * bnvar_inv  # (n, hidden)

    Given:

        bndiff  (n, hidden)
        dbnraw  (n, hidden)
    """
    raise NotImplementedError


def dbnvar(bnvar: Tensor, dbnvar_inv: Tensor) -> Tensor:
    """Gradient of the loss with respect to bnvar (1, hidden).

    The forward pass reads it in:

        bnvar_inv = (bnvar + 1e-5) ** -0.5  # (1, hidden)

    Given:

        bnvar       (1, hidden)
        dbnvar_inv  (1, hidden)
    """
    raise NotImplementedError


def dbndiff2(bndiff2: Tensor, dbnvar: Tensor) -> Tensor:
    """Gradient of the loss with respect to bndiff2 (n, hidden).

    The forward pass reads it in:

        bnvar = bndiff2.sum(0, keepdim=True) / (bndiff2.shape[0] - 1)  # (1, hidden)

    Given:

        bndiff2  (n, hidden)
        dbnvar   (1, hidden)
    """
    raise NotImplementedError


def dbndiff(bndiff: Tensor, bnvar_inv: Tensor, dbnraw: Tensor, dbndiff2: Tensor) -> Tensor:
    """Gradient of the loss with respect to bndiff (n, hidden).

    The forward pass reads it in 2 lines:

        bndiff2 = bndiff**2  # (n, hidden)
        bnraw = bndiff * bnvar_inv  # (n, hidden)

    Given:

        bndiff     (n, hidden)
        bnvar_inv  (1, hidden)
        dbnraw     (n, hidden)
        dbndiff2   (n, hidden)
    """
    raise NotImplementedError


def dbnmeani(dbndiff: Tensor) -> Tensor:
    """Gradient of the loss with respect to bnmeani (1, hidden).

    The forward pass reads it in:

        bndiff = hprebn - bnmeani  # (n, hidden)

    Given:

        dbndiff  (n, hidden)
    """
    raise NotImplementedError


def dhprebn(hprebn: Tensor, dbndiff: Tensor, dbnmeani: Tensor) -> Tensor:
    """Gradient of the loss with respect to hprebn (n, hidden).

    The forward pass reads it in 2 lines:

        bnmeani = hprebn.mean(0, keepdim=True)  # (1, hidden)
        bndiff = hprebn - bnmeani  # (n, hidden)

    Given:

        hprebn    (n, hidden)
        dbndiff   (n, hidden)
        dbnmeani  (1, hidden)
    """
    raise NotImplementedError


def dembcat(W1: Tensor, dhprebn: Tensor) -> Tensor:
    """Gradient of the loss with respect to embcat (n, block_size * n_embd).

    The forward pass reads it in:

        hprebn = embcat @ W1 + b1  # (n, hidden)

    Given:

        W1       (block_size * n_embd, hidden)
        dhprebn  (n, hidden)
    """
    raise NotImplementedError


def dW1(embcat: Tensor, dhprebn: Tensor) -> Tensor:
    """Gradient of the loss with respect to W1 (block_size * n_embd, hidden).

    The forward pass reads it in:

        hprebn = embcat @ W1 + b1  # (n, hidden)

    Given:

        embcat   (n, block_size * n_embd)
        dhprebn  (n, hidden)
    """
    raise NotImplementedError


def db1(dhprebn: Tensor) -> Tensor:
    """Gradient of the loss with respect to b1 (hidden,).

    The forward pass reads it in:

        hprebn = embcat @ W1 + b1  # (n, hidden)

    Given:

        dhprebn  (n, hidden)
    """
    raise NotImplementedError


def demb(emb: Tensor, dembcat: Tensor) -> Tensor:
    """Gradient of the loss with respect to emb (n, block_size, n_embd).

    The forward pass reads it in:

        embcat = emb.view(emb.shape[0], -1)  # (n, block_size * n_embd)

    Given:

        emb      (n, block_size, n_embd)
        dembcat  (n, block_size * n_embd)
    """
    raise NotImplementedError


def dC(C: Tensor, Xb: Tensor, demb: Tensor) -> Tensor:
    """Gradient of the loss with respect to C (vocab, n_embd).

    The forward pass reads it in:

        emb = C[Xb]  # (n, block_size, n_embd)

    Given:

        C     (vocab, n_embd)
        Xb    (n, block_size)
        demb  (n, block_size, n_embd)
    """
    raise NotImplementedError
