"""Heat maps: a tensor laid out in two dimensions, shrunk, with the entries that are furthest off.

What is drawn of an answer is decided here, for a terminal, a file and the report alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from grader.course.network import Sizes
from grader.reference import Reference

MARKED = 3
BEYOND = 4.0
"""An answer this many times larger than autograd's is cut off rather than blanks autograd's."""

SIDE, STRIP = 32, 96
"""The most rows and columns of a map in a report, and columns of a strip: the lecture's batch and
its vectors fit.
"""

STEPS = 1000
"""In a report an entry is a whole number of thousandths of the scale."""


@dataclass(frozen=True)
class Flat:
    """A tensor laid out in two dimensions: `numbers` (rows, columns) in float64, with their names.

    note: what was done to get there, if anything.
    """

    numbers: Tensor
    rows: str
    columns: str
    note: str = ""

    @property
    def is_strip(self) -> bool:
        """Tell whether there is one row only."""
        return self.numbers.shape[0] == 1


@dataclass(frozen=True)
class Cell:
    """An entry that is far off: where it is drawn, its index in the tensor, both numbers."""

    row: int
    column: int
    index: tuple[int, ...]
    yours: float
    expected: float


def flat(tensor: Tensor, sizes: Sizes) -> Flat:
    """Lay out a tensor in two dimensions: vectors and columns lie down, the rest is merged."""
    shape = tuple(tensor.shape)
    numbers = tensor.detach().double()
    names = sizes.symbols(shape).strip("(),").split(", ") if shape else []
    if len(shape) < 2:
        return Flat(numbers.reshape(1, -1), "", names[0] if names else "")
    if len(shape) == 2 and shape[1] == 1:
        return Flat(numbers.T, "", names[0], f"{sizes.symbols(shape)} is drawn lying down")
    if len(shape) == 2:
        return Flat(numbers, "" if shape[0] == 1 else names[0], names[1])
    merged = " * ".join(names[1:])
    note = f"{sizes.symbols(shape)} is drawn as ({names[0]}, {merged})"
    return Flat(numbers.reshape(shape[0], -1), names[0], merged, note)


def pooled(numbers: Tensor, width: int, height: int) -> tuple[Tensor, tuple[int, int]]:
    """Shrink a map: of each block keep the entry of the largest magnitude, so that one wrong entry
    stays visible; nan and inf win. Return the map and the size of a block.
    """
    rows, columns = numbers.shape
    down, across = math.ceil(rows / height), math.ceil(columns / width)
    if down == across == 1:
        return numbers, (1, 1)
    padding = (0, -columns % across, 0, -rows % down)
    padded = torch.nn.functional.pad(numbers, padding)
    blocks = padded.reshape(padded.shape[0] // down, down, -1, across).transpose(1, 2)
    blocks = blocks.reshape(*blocks.shape[:2], -1)
    most = blocks.abs().nan_to_num(nan=math.inf).argmax(-1, keepdim=True)
    return blocks.gather(-1, most)[..., 0], (down, across)


def scale_for(yours: Tensor, unit: float) -> float:
    """Return where the colours end, the same for both: autograd's scale, stretched for an answer
    that is somewhat larger.
    """
    largest = _largest(yours)
    return largest if unit < largest <= BEYOND * unit else unit


def difference_scale(difference: Tensor, noise: float) -> float:
    """Return where the colours of a difference end; rounding alone is pale."""
    return max(_largest(difference), noise)


def closest(laid: Tensor, expected: Reference) -> Tensor:
    """Return the right answer that is closest to an answer of the same shape."""
    return min(
        (expected.float32.double(), *expected.others),
        key=lambda other: (laid - other).abs().max().nan_to_num(math.inf).item(),
    )


def furthest_off(yours: Tensor, expected: Tensor, noise: float) -> tuple[Cell, ...]:
    """Return the entries that are furthest off and not by rounding, the worst one first."""
    off = (yours - expected).abs().nan_to_num(nan=math.inf).flatten()
    # A stable order: of several entries that are equally far off the first ones are marked.
    order = off.argsort(descending=True, stable=True)[:MARKED].tolist()
    drawn = flat(expected, Sizes()).numbers
    cells: list[Cell] = []
    for place in (place for place in order if off[place] > noise):
        # Neither laying a column down nor merging dimensions changes the order of entries.
        row, column = divmod(place, drawn.shape[1])
        index: tuple[int, ...] = ()
        left = place
        for size in reversed(expected.shape):
            left, here = divmod(left, size)
            index = (here, *index)
        values = yours.flatten()[place].item(), expected.flatten()[place].item()
        cells.append(Cell(row, column, index, *values))
    return tuple(cells)


def for_report(
    name: str, answer: Tensor, expected: Reference, bound: float, sizes: Sizes
) -> dict[str, Any]:
    """Return the picture of a wrong answer, as plain data for a report; see `report.Picture`.

    answer: as many entries as the reference. bound: the largest error that is rounding, in units
    of the reference. sizes: those of the case, which name the axes.
    """
    laid = answer.detach().double().reshape(expected.value.shape)
    right, noise = closest(laid, expected), bound * (expected.unit or 1.0)
    off = laid - right
    drawn = [flat(tensor, sizes) for tensor in (laid, right, off)]
    scales = scale_for(laid, expected.unit or 1.0), difference_scale(off, noise)
    width = STRIP if drawn[1].is_strip else SIDE
    small, blocks = zip(*(pooled(one.numbers, width, SIDE) for one in drawn), strict=True)
    down, across = blocks[0]
    return {
        "case": name,
        "rows": drawn[1].rows,
        "columns": drawn[1].columns,
        "size": list(drawn[1].numbers.shape),
        "block": [down, across],
        "scale": _rounded(scales[0]),
        "difference_scale": _rounded(scales[1]),
        "largest": _rounded(_largest(laid)),
        "off": int(((off.abs() > noise) | ~off.isfinite()).sum()),
        "yours": _texts(small[0], scales[0]),
        "expected": _texts(small[1], scales[0]),
        "difference": _texts(small[2], scales[1]),
        "marks": [
            {
                "row": cell.row // down,
                "column": cell.column // across,
                "index": list(cell.index),
                "yours": _rounded(cell.yours),
                "expected": _rounded(cell.expected),
            }
            for cell in furthest_off(laid, right, noise)
        ],
        "note": drawn[1].note,
    }


def _largest(numbers: Tensor) -> float:
    finite = numbers[numbers.isfinite()].abs()
    return finite.max().item() if finite.numel() else 0.0


def _rounded(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _texts(numbers: Tensor, scale: float) -> list[str]:
    """Return each row as a text: whole numbers of thousandths of the scale, cut off there."""
    parts = (numbers / scale * STEPS).clamp(-STEPS, STEPS).round()
    rows: list[list[float]] = parts.where(numbers.isfinite(), math.nan).tolist()
    return [" ".join("nan" if math.isnan(v) else str(int(v)) for v in row) for row in rows]
