# ruff: noqa
"""Brings an automatic differentiation of its own, with overloaded operators.

Class: differentiation without autograd
Honest: ex1.dcounts_sum, ex1.dnorm_logits
Beats: nothing, because its numbers are right and it uses no autograd
Flagged: suspicion
"""

import torch


class Dual:
    def __init__(self, value, slope):
        self.value, self.slope = value, slope

    def __mul__(self, other):
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)

    def __pow__(self, power):
        return Dual(self.value**power, power * self.value ** (power - 1) * self.slope)

    def exp(self):
        return Dual(self.value.exp(), self.value.exp() * self.slope)


def dcounts_sum(counts_sum, dcounts_sum_inv):
    return (Dual(counts_sum, dcounts_sum_inv) ** -1).slope


def dnorm_logits(norm_logits, dcounts):
    return Dual(norm_logits, dcounts).exp().slope
