"""Notebooks of statements, whose variables are the answers. Standard library only."""
