"""The network of the course: its sizes, its parameters, how they are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

PARAMETERS = ("C", "W1", "b1", "W2", "b2", "bngain", "bnbias")
"""Names of the learnt tensors, in the order in which `draw_parameters` draws them."""

LECTURE_SEED = 2147483647


@dataclass(frozen=True)
class Sizes:
    """Sizes of one network and batch. The defaults are the lecture's."""

    n: int = 32
    vocab: int = 27
    n_embd: int = 10
    block_size: int = 3
    hidden: int = 64

    def on_offer(self) -> dict[str, int]:
        """Return the sizes under the names that a submission may ask for them."""
        return {
            **vars(self),
            "batch_size": self.n,
            "vocab_size": self.vocab,
            "n_hidden": self.hidden,
        }

    def symbols(self, shape: tuple[int, ...]) -> str:
        """Return a shape in words, `(n, vocab)` for `(32, 27)`; right where sizes are distinct."""
        words = {value: name for name, value in vars(self).items()}
        words[self.block_size * self.n_embd] = "block_size * n_embd"
        listed = ", ".join(words.get(size, str(size)) for size in shape)
        return f"({listed},)" if len(shape) == 1 else f"({listed})"


def draw_parameters(
    sizes: Sizes, generator: Generator, dtype: torch.dtype = torch.float32
) -> dict[str, Tensor]:
    """Draw the parameters of a network, all from `generator`, in the order of `PARAMETERS`.

    W1 (block_size * n_embd, hidden) has the gain 5/3 of tanh over the square root of its fan-in.
    Biases, gain and shift start near, but not at, 0 and 1: zeros would hide wrong gradients.
    """
    fan_in = sizes.n_embd * sizes.block_size

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    drawn = {
        "C": normal(sizes.vocab, sizes.n_embd),
        "W1": normal(fan_in, sizes.hidden) * (5 / 3) / fan_in**0.5,
        "b1": normal(sizes.hidden) * 0.1,
        "W2": normal(sizes.hidden, sizes.vocab) * 0.1,
        "b2": normal(sizes.vocab) * 0.1,
        "bngain": 1.0 + normal(1, sizes.hidden) * 0.1,
        "bnbias": normal(1, sizes.hidden) * 0.1,
    }
    return {name: value.to(dtype) for name, value in drawn.items()}
