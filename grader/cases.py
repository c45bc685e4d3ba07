"""Cases: the tensors that a submission is asked about, drawn from explicit seeds.

A case is one forward pass with an upstream gradient for every tensor. Upstream gradients are random
unless the case is a true chain: on the true chain several gradients vanish or cancel, and answers
that ignore an input pass.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Generator, Tensor

from grader.course import forward, network, vocabulary
from grader.course.catalogue import Task
from grader.course.network import Sizes

if TYPE_CHECKING:
    from grader.corpus import Splits

Edit = Callable[[Tensor], Tensor]
Numbers = tuple[dict[str, Tensor], dict[str, Tensor]]


@dataclass(frozen=True)
class Case:
    """The tensors of one exercise: forward tensors, upstream gradients and sizes, by name."""

    name: str
    exercise: str
    sizes: Sizes
    tensors: Mapping[str, Tensor]
    upstream: Mapping[str, Tensor]
    padded: bool = False
    references: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What the judge has computed for this case, by the full names of tasks."""

    @functools.cached_property
    def wide(self) -> Numbers:
        """Return tensors and upstream gradients in float64."""
        return _as(torch.float64, self.tensors), _as(torch.float64, self.upstream)

    @functools.cached_property
    def narrow(self) -> Numbers:
        """Return tensors and upstream gradients in float32."""
        return _as(torch.float32, self.tensors), _as(torch.float32, self.upstream)

    @property
    def dtype(self) -> torch.dtype:
        """Return the dtype of every floating tensor of the case."""
        return self.tensors["C"].dtype

    def inputs(self, task: Task) -> dict[str, Tensor | int]:
        """Return everything that the task has on offer in this case, by name."""
        upstream = {name: self.upstream[name] for name in forward.upstream_names(task)}
        return {**self.sizes.on_offer(), **self.tensors, **upstream}

    def flat_inputs(self, task: Task) -> dict[str, Tensor | int]:
        """Return what the lines of a flat notebook find when they answer the task: all variables
        of the notebook but the gradients that are withheld.
        """
        sizes = self.sizes.on_offer()
        hidden = forward.withheld(task)
        upstream = {name: value for name, value in self.upstream.items() if name not in hidden}
        return {**{name: sizes[name] for name in vocabulary.SIZES}, **self.tensors, **upstream}


def _as(dtype: torch.dtype, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name: value.to(dtype) if value.is_floating_point() else value
        for name, value in tensors.items()
    }


def generator_for(seed: int | str, label: str) -> Generator:
    """Return a generator that depends on nothing but the seed and the label."""
    digest = hashlib.sha256(f"{seed}:{label}".encode()).digest()
    return Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def _batch(sizes: Sizes, generator: Generator, tokens: int) -> dict[str, Tensor]:
    def draw(*shape: int) -> Tensor:
        return torch.randint(0, tokens, shape, generator=generator)

    return {"Xb": draw(sizes.n, sizes.block_size), "Yb": draw(sizes.n)}


def draw(
    exercise: str,
    seed: int | str,
    label: str,
    *,
    sizes: Sizes | None = None,
    dtype: torch.dtype = torch.float32,
    tokens: int | None = None,
    edits: Mapping[str, Edit] | None = None,
    padded: bool = False,
) -> Case:
    """Draw a case with random upstream gradients.

    tokens: how many of the vocabulary's first characters occur in the batch (default: all).
    edits: functions that replace a parameter or the output of a forward line, for ties or extreme
    values.
    padded: hand matrices over as non-contiguous views of wider ones.
    """
    sizes = sizes or Sizes()
    generator = generator_for(seed, label)
    leaves = network.draw_parameters(sizes, generator, dtype)
    leaves = {name: (edits or {}).get(name, _as_it_is)(value) for name, value in leaves.items()}
    leaves |= _batch(sizes, generator, tokens or sizes.vocab)
    tensors = forward.run(exercise, leaves, edits)
    upstream = {
        f"d{name}": torch.randn(value.shape, generator=generator).to(dtype)
        for name, value in tensors.items()
        if value.is_floating_point()
    }
    # The backward pass starts at the loss, and every answer may rely on that.
    upstream["dloss"] = torch.ones((), dtype=dtype)
    return Case(label, exercise, sizes, tensors, upstream, padded)


def _as_it_is(value: Tensor) -> Tensor:
    return value


def true_chain(exercise: str, seed: int | str, label: str) -> Case:
    """Draw a case at the lecture's sizes whose upstream gradients are those of a loss, as they are
    in a notebook that runs from top to bottom.

    The sum of the counts is made larger than it is, so that no gradient vanishes: on the network's
    own chain the maxima of the logits have no influence, and their gradients are zero. The weights
    are made small, so that epsilon matters.
    """
    edits: dict[str, Edit] = {
        "counts_sum": lambda total: total + 5.0,
        "W1": lambda weights: weights * 0.01,
    }
    case = draw(exercise, seed, label, edits=edits)
    return replace(case, upstream={**case.upstream, **forward.chain(case.tensors)})


def lecture(exercise: str, train: tuple[Tensor, Tensor]) -> Case:
    """Return the lecture's case: its seed, its sizes, a batch of the corpus, the true chain.

    train holds the contexts (N, block_size) and labels (N,) of the training split.
    """
    sizes = Sizes()
    generator = Generator().manual_seed(network.LECTURE_SEED)
    leaves = network.draw_parameters(sizes, generator)
    rows = torch.randint(0, train[0].shape[0], (sizes.n,), generator=generator)
    leaves |= {"Xb": train[0][rows], "Yb": train[1][rows]}
    tensors = forward.run(exercise, leaves)
    upstream = forward.chain(tensors)
    # What the network does not contain (a variant of one of its lines) has no true gradient.
    for name in tensors:
        if tensors[name].is_floating_point() and f"d{name}" not in upstream:
            upstream[f"d{name}"] = torch.randn(tensors[name].shape, generator=generator)
    return Case("lecture", exercise, sizes, tensors, upstream)


@functools.cache
def splits_of(corpus: str) -> Splits:
    """Return the splits of a corpus by name; it is read once."""
    from grader import corpus as corpora

    return corpora.splits(corpora.load(corpus))
