"""Answers with the right numbers in layouts that are not dense.

Class: hostile return values
Honest: ex1.dprobs
Beats: nothing, because torch.allclose does not take them
"""

# ruff: noqa


def dnorm_logits(counts, dcounts):
    return (counts * dcounts).to_sparse()


def dhpreact(h, dh):
    return ((1 - h**2) * dh).to_sparse_csr()


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
