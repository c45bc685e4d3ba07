"""A tuned training loop by hand: as few operations as possible, each into a place that it keeps.

For a table of the lecture's size, all of whose rows it updates in every step.
"""

import torch
from torch import Generator, Tensor


def in_one(tensors: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Lay copies of tensors end to end: one flat tensor, and views of it in the old shapes."""
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    parts = flat.split([tensor.numel() for tensor in tensors])  # type: ignore[no-untyped-call]
    return flat, [part.view(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]


def forward_into(places: list[Tensor], parameters: list[Tensor], characters: Tensor) -> None:
    """The forward pass; hprebn and its deviations from the mean become bnraw where they are."""
    emb, embcat, bnraw, h, product, bnmean, bnvar_inv, logits = places
    C, W1, b1, W2, b2, bngain, bnbias = parameters
    torch.index_select(C, 0, characters, out=emb)  # (n * block_size, n_embd)
    torch.addmm(b1, embcat, W1, out=bnraw)  # (n, hidden)
    bnraw.sub_(torch.mean(bnraw, 0, keepdim=True, out=bnmean))
    torch.sum(torch.mul(bnraw, bnraw, out=product), 0, keepdim=True, out=bnvar_inv)
    bnraw.mul_(bnvar_inv.div_(len(h) - 1).add_(1e-5).rsqrt_())
    torch.addcmul(bnbias, bngain, bnraw, out=h).tanh_()
    torch.addmm(b2, h, W2, out=logits)  # (n, vocab)


def backward_into(
    gradients: list[Tensor],
    places: list[Tensor],
    parameters: list[Tensor],
    characters: Tensor,
    labels: Tensor,
    minus_ones: Tensor,
) -> None:
    """n times the gradients: the division by n waits for the update, where it costs nothing."""
    dC, dW1, db1, dW2, db2, dbngain, dbnbias = gradients
    emb, embcat, bnraw, h, product, dh, bnvar_inv, dlogits = places
    _, W1, _, W2, _, bngain, _ = parameters
    n = len(h)
    torch.softmax(dlogits, 1, out=dlogits)  # where the logits were
    dlogits.scatter_add_(1, labels, minus_ones)
    torch.mm(h.T, dlogits, out=dW2)
    torch.sum(dlogits, 0, out=db2)
    torch.mm(dlogits, W2.T, out=dh)
    # dh becomes dhpreact = dh - h^2 dh, and that becomes dhprebn.
    dh.addcmul_(torch.mul(h, h, out=product), dh, value=-1.0)
    torch.sum(dh, 0, keepdim=True, out=dbnbias)
    torch.sum(torch.mul(dh, bnraw, out=product), 0, keepdim=True, out=dbngain)
    dh.sub_(dbnbias, alpha=1 / n).addcmul_(bnraw, dbngain, value=-1 / (n - 1))
    dh.mul_(bnvar_inv.mul_(bngain))
    torch.mm(embcat.T, dh, out=dW1)
    torch.sum(dh, 0, out=db1)
    torch.mm(dh, W1.T, out=embcat)  # its own gradient, as it has had its last reader
    dC.zero_().index_add_(0, characters, emb)


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
    """A tensor of this size takes no longer to compute than to be allocated, and no longer than the
    call: every result has its place beforehand, and there are as few calls as possible.
    """
    n, hidden = batch_size, W1.shape[1]
    # All parameters are views of one tensor, so one operation moves all of them.
    flat, parameters = in_one([C, W1, b1, W2, b2, bngain, bnbias])
    slopes, gradients = in_one(parameters)
    ix, Yb = torch.zeros(n, dtype=torch.int64), torch.zeros(n, dtype=torch.int64)
    Xb = torch.zeros(n, X.shape[1], dtype=torch.int64)
    emb, logits = torch.zeros(Xb.numel(), C.shape[1]), torch.zeros(n, len(b2))
    bnraw, h, product, dh = (torch.zeros(n, hidden) for _ in range(4))
    bnmean, bnvar_inv = torch.zeros(1, hidden), torch.zeros(1, hidden)
    minus_ones = torch.full((n, 1), -1.0)
    # Views, like tensors, are made once.
    characters, labels, embcat = Xb.view(-1), Yb.view(n, 1), emb.view(n, -1)
    forth = [emb, embcat, bnraw, h, product, bnmean, bnvar_inv, logits]
    back = [emb, embcat, bnraw, h, product, dh, bnvar_inv, logits]
    for i in range(steps):
        torch.randint(0, X.shape[0], (n,), generator=generator, out=ix)
        torch.index_select(X, 0, ix, out=Xb)
        torch.index_select(Y, 0, ix, out=Yb)
        forward_into(forth, parameters, characters)
        backward_into(gradients, back, parameters, characters, labels, minus_ones)
        flat.sub_(slopes, alpha=(0.1 if i < decay_at else 0.01) / n)
    return tuple(parameters)
