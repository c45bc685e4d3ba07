"""Gradebooks: scores written into the CSV that a teacher downloaded, and nothing else of it."""
