# ruff: noqa
"""All that a notebook leaves behind when it becomes a script, and answers in between."""

import random

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

words = open("names.txt", "r").read().splitlines()
print(len(words))
print(max(len(w) for w in words))
print(words[:8])


def cmp(s, dt, t):
    ex = torch.all(dt == t.grad).item()
    app = torch.allclose(dt, t.grad)
    maxdiff = (dt - t.grad).abs().max().item()
    print(f"{s:15s} | exact: {str(ex):5s} | approximate: {str(app):5s} | maxdiff: {maxdiff}")


n_embd = 10
n_hidden = 64
g = torch.Generator().manual_seed(2147483647)
C = torch.randn((27, n_embd), generator=g)
W1 = torch.randn((n_embd * 3, n_hidden), generator=g)
b1 = torch.randn(n_hidden, generator=g) * 0.1
parameters = [C, W1, b1]
print(sum(p.nelement() for p in parameters))
for p in parameters:
    p.requires_grad = True

batch_size = 32
n = batch_size
ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)
loss = -torch.ones(3).mean()
for p in parameters:
    p.grad = None
for t in [C, W1, b1]:
    t.retain_grad()
loss.backward()
loss


def dlogprobs(logprobs, Yb):
    print("dlogprobs", logprobs.shape)
    n = len(Yb)
    dlogprobs = torch.zeros_like(logprobs)
    dlogprobs[range(n), Yb] = -1.0 / n
    return dlogprobs


cmp("logprobs", dlogprobs(torch.zeros(2, 27), torch.tensor([0, 1])), C)


def dprobs(probs, dlogprobs):
    return dlogprobs / probs


cmp("probs", dprobs, probs)


def dhpreact(h, dh):
    return (1.0 - h**2) * dh


def dlogits(logits, Yb, n):
    dlogits = F.softmax(logits, 1)
    dlogits[range(n), Yb] -= 1
    return dlogits / n


plt.figure(figsize=(4, 4))
plt.imshow(dlogits.detach(), cmap="gray")

if __name__ == "__main__":
    print(dlogits)
