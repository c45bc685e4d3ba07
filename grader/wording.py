"""Sentences for people: what a verdict says."""

from __future__ import annotations

from grader.verdict import Kind, Verdict


def shape(sizes: tuple[int, ...]) -> str:
    """Return a shape as torch shows it."""
    return str(tuple(sizes))


def of_verdict(found: Verdict) -> str:
    """Say in a sentence or two what is wrong with an answer, with its worst entry."""
    yours, expected = shape(found.shape), shape(found.expected_shape)
    if found.kind is Kind.SHAPE:
        return (
            f"the numbers are right, but the shape is {yours} and should be {expected}: only "
            "broadcasting saves it"
        )
    if found.kind.right:
        return "right"
    if found.shape != found.expected_shape and not found.worst:
        return f"the shape is {yours} and should be {expected}: {found.note}"
    parts = [found.note] if found.note else []
    if found.max_abs != float("inf"):
        parts.append(f"maxdiff {found.max_abs:.3g}, {found.error:.1e} of the largest entry")
    if found.worst:
        index = ", ".join(map(str, found.worst.index))
        parts.append(
            f"worst at [{index}]: yours {found.worst.yours:.6g}, "
            f"expected {found.worst.expected:.6g}"
        )
    parts.append(f"shape {yours}, {found.dtype}")
    return "; ".join(parts)
