# ruff: noqa
"""Every function a lambda."""

import torch

dlogprobs = lambda logprobs, Yb, n: torch.zeros_like(logprobs).scatter(1, Yb[:, None], -1 / n)
dprobs = lambda probs, dlogprobs: dlogprobs / probs
dcounts_sum_inv = lambda counts, dprobs: (counts * dprobs).sum(1, keepdim=True)
dcounts_sum = lambda counts_sum, dcounts_sum_inv: -dcounts_sum_inv / counts_sum**2
dcounts = lambda counts_sum_inv, dprobs, dcounts_sum: counts_sum_inv * dprobs + dcounts_sum
dnorm_logits = lambda counts, dcounts: counts * dcounts
dlogit_maxes = lambda dnorm_logits: -dnorm_logits.sum(1, keepdim=True)
dlogits = lambda logits, dnorm_logits, dlogit_maxes: dnorm_logits.scatter_add(
    1, logits.argmax(1, keepdim=True), dlogit_maxes
)
dh = lambda W2, dlogits: dlogits @ W2.t()
dW2 = lambda h, dlogits: h.t() @ dlogits
db2 = lambda dlogits: dlogits.sum(0)
dhpreact = lambda h, dh: dh - h * h * dh
dbngain = lambda bnraw, dhpreact: (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = lambda dhpreact: dhpreact.sum(0, keepdim=True)
dbnraw = lambda bngain, dhpreact: bngain * dhpreact
dbnvar_inv = lambda bndiff, dbnraw: (bndiff * dbnraw).sum(0, True)
dbnvar = lambda bnvar, dbnvar_inv, eps=1e-5: -0.5 * (bnvar + eps) ** (-3 / 2) * dbnvar_inv
dbndiff2 = lambda bndiff2, dbnvar: torch.ones_like(bndiff2) / (len(bndiff2) - 1) * dbnvar
dbndiff = lambda bndiff, bnvar_inv, dbnraw, dbndiff2: dbnraw * bnvar_inv + dbndiff2 * bndiff * 2
dbnmeani = lambda dbndiff: -dbndiff.sum(0, keepdim=True)
dhprebn = lambda dbndiff, dbnmeani, n: dbndiff + dbnmeani / n
dembcat = lambda W1, dhprebn: dhprebn @ W1.transpose(0, 1)
dW1 = lambda embcat, dhprebn: embcat.transpose(0, 1) @ dhprebn
db1 = lambda dhprebn: dhprebn.sum(0)
demb = lambda emb, dembcat: dembcat.view(*emb.shape)
dC = lambda C, Xb, demb: torch.zeros_like(C).index_add_(0, Xb.flatten(), demb.flatten(0, 1))
