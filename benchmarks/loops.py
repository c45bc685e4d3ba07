"""Training loops to compare the solutions with: autograd as one writes it, a Python loop, NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from grader.course import compact
from grader.course.network import PARAMETERS

Given = dict[str, Any]
"""What `train` is given, by name."""


def autograd(given: Given) -> tuple[Tensor, ...]:
    """Train the compact network with `loss.backward()` and updates in place."""
    X, Y, generator = given["X"], given["Y"], given["generator"]
    parameters = {name: given[name].requires_grad_() for name in PARAMETERS}
    for i in range(given["steps"]):
        ix = torch.randint(0, X.shape[0], (given["batch_size"],), generator=generator)
        with torch.enable_grad():
            loss = functional.cross_entropy(compact.logits(X[ix], parameters), Y[ix])
        for parameter in parameters.values():
            parameter.grad = None
        loss.backward()  # type: ignore[no-untyped-call]
        rate = 0.1 if i < given["decay_at"] else 0.01
        with torch.no_grad():
            for parameter in parameters.values():
                parameter -= rate * parameter.grad
    return tuple(parameter.detach() for parameter in parameters.values())


def character_by_character(C: Tensor, Xb: Tensor, demb: Tensor) -> Tensor:
    """Return the embedding's gradient as a Python loop over every character finds it."""
    dC = torch.zeros_like(C)
    rows = demb.view(*Xb.shape, -1)
    for k in range(Xb.shape[0]):
        for j in range(Xb.shape[1]):
            dC[Xb[k, j]] += rows[k, j]
    return dC


def in_numpy(given: Given) -> tuple[Tensor, ...]:
    """Train with NumPy and preallocated arrays: about as fast as a Python program can be."""
    n, generator = given["batch_size"], given["generator"]
    X, Y = given["X"].numpy(), given["Y"].numpy()
    shapes = [tuple(given[name].shape) for name in PARAMETERS]
    everything = np.concatenate([given[name].numpy().ravel() for name in PARAMETERS])
    slopes = np.empty_like(everything)
    C, W1, b1, W2, b2, bngain, bnbias = _views(everything, shapes)
    dC, dW1, db1, dW2, db2, dbngain, dbnbias = _views(slopes, shapes)
    bnraw, h, product = (np.empty((n, W1.shape[1]), np.float32) for _ in range(3))
    dlogits = np.empty((n, W2.shape[1]), np.float32)
    onehot = np.eye(C.shape[0], dtype=np.float32)
    rows = np.arange(n)
    for i in range(given["steps"]):
        ix = torch.randint(0, len(X), (n,), generator=generator).numpy()
        Xb, Yb = X[ix], Y[ix]
        embcat = C[Xb].reshape(n, -1)
        np.matmul(embcat, W1, out=bnraw)
        bnraw -= np.add.reduce(bnraw, 0) / n
        inv = (np.einsum("ij,ij->j", bnraw, bnraw) / (n - 1) + 1e-5) ** -0.5
        bnraw *= inv
        np.multiply(bnraw, bngain, out=h)
        np.tanh(np.add(h, bnbias, out=h), out=h)
        np.matmul(h, W2, out=dlogits)
        dlogits += b2
        dlogits -= np.maximum.reduce(dlogits, 1, keepdims=True)
        np.exp(dlogits, out=dlogits)
        dlogits /= np.add.reduce(dlogits, 1, keepdims=True)
        dlogits[rows, Yb] -= 1.0
        np.matmul(h.T, dlogits, out=dW2)
        np.add.reduce(dlogits, 0, out=db2)
        dh = dlogits @ W2.T
        np.multiply(h, h, out=product)
        dh *= np.subtract(1.0, product, out=product)
        np.add.reduce(dh, 0, out=dbnbias[0])
        np.einsum("ij,ij->j", dh, bnraw, out=dbngain[0])
        dh -= dbnbias / n
        dh -= np.multiply(bnraw, dbngain / (n - 1), out=product)
        dh *= bngain * inv
        np.matmul(embcat.T, dh, out=dW1)
        np.add.reduce(dh, 0, out=db1)
        demb = (dh @ W1.T).reshape(Xb.size, -1)
        np.matmul(onehot[Xb.ravel()].T, demb, out=dC)
        slopes *= (0.1 if i < given["decay_at"] else 0.01) / n
        everything -= slopes
    return tuple(torch.from_numpy(view) for view in (C, W1, b1, W2, b2, bngain, bnbias))


def _views(flat: Any, shapes: list[tuple[int, ...]]) -> list[Any]:
    """Return views of a flat array in the given shapes, one after another."""
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    parts = np.split(flat, ends[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
