# ruff: noqa
"""Brings a tape of closures that is walked back, as small engines do.

Class: differentiation without autograd
Honest: ex1.dhpreact
Beats: nothing, because its numbers are right and it uses no autograd
Flagged: suspicion
"""

import torch


class Node:
    def __init__(self, value, parents=()):
        self.value, self.parents, self.slope = value, parents, 0.0

    def __mul__(self, other):
        return Node(self.value * other.value, ((self, other.value), (other, self.value)))

    def __add__(self, other):
        return Node(self.value + other.value, ((self, 1.0), (other, 1.0)))

    def tanh(self):
        out = self.value.tanh()
        return Node(out, ((self, 1.0 - out**2),))

    def flow(self, upstream):
        self.slope = self.slope + upstream
        for parent, local in self.parents:
            parent.flow(local * upstream)


def dhpreact(hpreact, dh):
    leaf = Node(hpreact)
    leaf.tanh().flow(dh)
    return leaf.slope
