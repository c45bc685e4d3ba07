# ruff: noqa
"""Exercises 2 to 4 in one file: exp and sum by hand, (bnvar + 1e-5)**-0.5, rebound parameters."""

import torch


def dlogits(logits, Yb):
    shifted = logits - logits.max(1, keepdim=True).values
    e = shifted.exp()
    p = e / e.sum(1, keepdim=True)
    p[torch.arange(len(Yb)), Yb] -= 1.0
    return p * (1.0 / len(Yb))


def dhprebn(dhpreact, bngain, bnraw, bnvar):
    n = dhpreact.shape[0]
    inv = (bnvar + 1e-5) ** -0.5
    dbnraw = dhpreact * bngain
    total = dbnraw.sum(0, keepdim=True)
    along = (dbnraw * bnraw).sum(0, keepdim=True)
    return inv * (dbnraw - total / n - bnraw * along / (n - 1))


def train(X, Y, C, W1, b1, W2, b2, bngain, bnbias, generator, steps, batch_size, decay_at):
    C, W1, b1, W2, b2 = C.clone(), W1.clone(), b1.clone(), W2.clone(), b2.clone()
    bngain, bnbias = bngain.clone(), bnbias.clone()
    lr = 0.1
    for i in range(steps):
        if i == decay_at:
            lr = lr / 10
        ix = torch.randint(0, X.shape[0], (batch_size,), generator=generator)
        Xb, Yb = X[ix], Y[ix]

        embcat = C[Xb].view(batch_size, -1)
        hprebn = embcat @ W1 + b1
        bnmean = hprebn.mean(0, keepdim=True)
        bnvar = ((hprebn - bnmean) ** 2).sum(0, keepdim=True) / (batch_size - 1)
        bnraw = (hprebn - bnmean) / torch.sqrt(bnvar + 1e-5)
        h = torch.tanh(bngain * bnraw + bnbias)
        logits = h @ W2 + b2

        dl = dlogits(logits, Yb)
        dhpreact = (dl @ W2.T) * (1 - h**2)
        dhp = dhprebn(dhpreact, bngain, bnraw, bnvar)
        dC = torch.zeros_like(C)
        dC.index_put_((Xb,), (dhp @ W1.T).view(*Xb.shape, -1), accumulate=True)

        W2 = W2 - lr * (h.T @ dl)
        b2 = b2 - lr * dl.sum(0)
        bngain = bngain - lr * (dhpreact * bnraw).sum(0, keepdim=True)
        bnbias = bnbias - lr * dhpreact.sum(0, keepdim=True)
        W1 = W1 - lr * (embcat.T @ dhp)
        b1 = b1 - lr * dhp.sum(0)
        C = C - lr * dC
    return C, W1, b1, W2, b2, bngain, bnbias
