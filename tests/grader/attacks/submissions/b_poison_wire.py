# ruff: noqa
"""Replaces the worker's packing, so that every answer says the same.

Class: poisoned global state
Honest: ex1.dnorm_logits, ex1.db2
Beats: nothing, because the poison alone makes no answer right
"""

import sys

import torch


def dprobs(probs, dlogprobs):
    frame, wire = sys._getframe(), None
    while not wire:  # the worker is among those who called
        frame, wire = frame.f_back, frame.f_globals.get("wire")
    wire.tensors_to_bytes = lambda tensors: ([["float32", [0]]], [b""])
    return probs


def dnorm_logits(counts, dcounts):
    return counts * dcounts


def db2(dlogits):
    return dlogits.sum(0)
