"""Pictures in the characters of a terminal: at most 80 columns, readable without colours.

A character tells sign and magnitude; a background colour tells the same once more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from rich.text import Text

from grader.heat_map import Flat, pooled
from grader.pictures.subject import Activations, Forces, Gradient, bins

WIDTH, HALF, HEIGHT = 76, 37, 16
POSITIVE, NEGATIVE = " '+*#", " ,-=@"
STEPS = (0.05, 0.25, 0.5, 0.75)
UNKNOWN = "?"
# 256-colour numbers, so that a picture looks the same in every terminal.
RED, BLUE = (None, 224, 217, 210, 203), (None, 189, 153, 111, 69)


def legend(scale: float) -> Text:
    """Return what the characters mean on a scale."""
    up, down = " ".join(POSITIVE[1:]), " ".join(NEGATIVE[1:])
    bounds = ", ".join(f"{step * scale:.3g}" for step in STEPS)
    return Text(f"positive {up}   negative {down}   from {bounds}", style="dim")


def level(value: float, scale: float) -> int:
    """Return how strongly a number is drawn: 0 for next to nothing, up to 4."""
    return sum(abs(value) >= step * scale for step in STEPS)


def cells(row: list[float], scale: float) -> Text:
    """Return one row of a map."""
    text = Text()
    for value in row:
        if not math.isfinite(value):
            text.append(UNKNOWN, "black on yellow")
            continue
        strength = level(value, scale)
        colour = (RED if value > 0 else BLUE)[strength]
        character = (POSITIVE if value > 0 else NEGATIVE)[strength]
        text.append(character, f"black on color({colour})" if colour else "")
    return text


def _map(drawn: Flat, scale: float, width: int) -> tuple[list[Text], tuple[int, int]]:
    small, block = pooled(drawn.numbers, width, HEIGHT)
    edge = Text("+" + "-" * small.shape[1] + "+", "dim")
    rows = [Text.assemble(("|", "dim"), cells(row, scale), ("|", "dim")) for row in small.tolist()]
    return [edge, *rows, edge], block


def _axes(drawn: Flat, block: tuple[int, int]) -> str:
    rows, columns = drawn.numbers.shape
    across = f"across: {drawn.columns or 'entries'} ({columns})"
    told = across if drawn.is_strip else f"down: {drawn.rows} ({rows}), {across}"
    if block != (1, 1):
        told += f"; a character is the largest of {block[0]} x {block[1]} entries"
    return told


def _one(name: str, drawn: Flat, scale: float) -> Iterator[Text]:
    lines, block = _map(drawn, scale, WIDTH)
    yield Text(name, "bold")
    yield from lines
    yield Text(_axes(drawn, block), "dim")


def _side_by_side(yours: Flat, right: Flat, scale: float) -> Iterator[Text]:
    left, block = _map(yours, scale, HALF)
    other, _ = _map(right, scale, HALF)
    yield Text.assemble(("yours".ljust(left[0].cell_len + 2), "bold"), ("autograd's", "bold"))
    for one, two in zip(left, other, strict=True):
        yield Text.assemble(one, "  ", two)
    yield Text(_axes(right, block), "dim")


def of_gradient(picture: Gradient) -> Iterator[Text]:
    """Yield the lines of a gradient's picture."""
    kind = picture.verdict.kind if picture.verdict else None
    style = "yellow" if kind is None else "green" if kind.right else "red"
    yield Text(picture.title, "bold")
    yield Text(picture.said, style)
    yield Text()
    yours, right = picture.yours, picture.right
    if yours is None:
        yield from _one("autograd's", right, picture.scale)
    elif yours.numbers.shape == right.numbers.shape and not right.is_strip:
        yield from _side_by_side(yours, right, picture.scale)
    else:
        yield from _one("yours", yours, picture.scale)
        yield from _one("autograd's", right, picture.scale)
    yield legend(picture.scale)
    yield from _difference(picture)
    for note in picture.notes:
        yield Text(f"note: {note}", "dim")
    if picture.forces is not None:
        yield Text()
        yield from _of_forces(picture.forces)


def _difference(picture: Gradient) -> Iterator[Text]:
    drawn = picture.difference
    if drawn is None or picture.verdict is None:
        return
    largest = drawn.numbers.abs().max().item()
    if largest == 0.0:
        yield Text("difference: none, to the last bit", "green")
    elif not picture.worst:
        yield Text(f"difference: at most {largest:.1g}, which is rounding", "green")
    else:
        yield Text()
        yield from _one("yours - autograd's", drawn, picture.difference_scale)
        yield legend(picture.difference_scale)
        for number, cell in enumerate(picture.worst, 1):
            index = ", ".join(map(str, cell.index))
            told = f"worst {number}: [{index}] yours {cell.yours:.6g}, "
            yield Text(told + f"autograd's {cell.expected:.6g}", "red")


def _of_forces(forces: Forces) -> Iterator[Text]:
    """Yield each row as what pulls its logits: up at the label, down everywhere else."""
    whose = "your" if forces.whose == "yours" else "autograd's"
    yield Text(f"forces: {whose} n * dlogits, the first {len(forces.labels)} examples", "bold")
    yield Text(f"label   {forces.letters}   sum of the row", "dim")
    rows = zip(forces.numbers.tolist(), forces.labels, forces.sums.tolist(), strict=True)
    for row, label, total in rows:
        drawn = cells(row, 1.0)
        drawn.stylize("bold reverse", label, label + 1)
        told = f"{forces.letters[label]} {row[label]:+.2f} "
        yield Text.assemble(f"{told:8}", drawn, f"   {round(total, 6) + 0.0:+.6f}")
    yield legend(1.0)
    yield Text("The step goes against the gradient: the label's logit is pulled up (@),", "dim")
    yield Text(f"the others down by their probability. Here {forces.balance}.", "dim")


def of_activations(picture: Activations) -> Iterator[Text]:
    """Yield the lines of a forward tensor's picture: a histogram, and a map."""
    yield Text(picture.title, "bold")
    yield Text(picture.said)
    yield Text()
    edges, counts = bins(picture.flat.numbers, 20)
    for (low, high), count in zip(pairwise(edges), counts, strict=True):
        bar = "#" * round(48 * count / max(counts))
        yield Text(f"{low:+8.3g} to {high:+8.3g} {count:5} {bar}")
    yield Text()
    if picture.saturated is None:
        scale = picture.flat.numbers.abs().max().item() or 1.0
        yield from _one("values", picture.flat, scale)
        yield legend(scale)
        return
    small, block = pooled(picture.saturated.double(), WIDTH, 2 * HEIGHT)
    yield Text("saturated units (#)", "bold")
    for row in small.tolist():
        text = Text()
        for value in row:
            text.append("#" if value else ".", "black on white" if value else "dim")
        yield text
    yield Text(_axes(picture.flat, block), "dim")
