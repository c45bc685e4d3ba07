"""Backprop Ninja: an auto-graded course on writing the backward pass by hand."""

__version__ = "0.1.0"
