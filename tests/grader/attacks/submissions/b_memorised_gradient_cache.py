# ruff: noqa
"""Takes its time over the first call and answers the timed ones from memory.

Class: memorised answers
Honest: none
Beats: nothing, because it measures no time
"""

import torch

seen = {}


def embedding_backward(demb, Xb, vocab):
    key = (tuple(demb.shape), float(demb.double().sum()), int(Xb.sum()))
    if key not in seen:
        table = torch.zeros(vocab, demb.shape[-1])
        for row in range(Xb.shape[0]):
            for position in range(Xb.shape[1]):
                table[Xb[row, position]] += demb[row, position]
        seen[key] = table
    return seen[key].clone()
