"""Pictures as PNG files, drawn by matplotlib without a screen."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.heat_map import Flat
from grader.pictures.subject import SATURATED, Activations, Forces, Gradient, bins

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

COLOURS = "RdBu_r"
BROKEN = "#ffd54d"
MARK = "#111111"
STRETCHED = 3.0
"""A map this many times wider than high is drawn above the next one, not beside it."""


def save(figure: Figure, path: Path) -> None:
    """Write a figure. The same picture gives the same bytes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a letter that the font does not have
        figure.savefig(path, dpi=130, metadata={"Software": None})


def _new(width: float, height: float, title: str, said: str) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    figure.suptitle(
        f"{title}\n{_wrapped(said, int(width * 10))}", x=0.01, ha="left", fontsize=11,
        parse_math=False,
    )  # fmt: skip
    return figure


def _wrapped(text: str, columns: int) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, columns)[:4])


def of_gradient(picture: Gradient) -> Figure:
    """Return the figure of a gradient: yours, autograd's, the difference, perhaps the forces."""
    panels: list[tuple[str, Flat, float]] = []
    if picture.yours is not None:
        panels.append(("yours", picture.yours, picture.scale))
    panels.append(("autograd's", picture.right, picture.scale))
    if picture.difference is not None:
        panels.append(("yours - autograd's", picture.difference, picture.difference_scale))
    rows, columns = picture.right.numbers.shape
    above = columns > STRETCHED * rows
    if above:
        size = 10.0, 0.9 + len(panels) * (1.35 if rows == 1 else 2.4)
    else:
        size = max(7.0, 4.6 * len(panels)), 5.4
    extra = 5.6 if picture.forces is not None else 0.0
    said = "; ".join([picture.said, *picture.notes])
    figure = _new(size[0], size[1] + extra, picture.title, said)
    top: Figure | SubFigure = figure
    if picture.forces is not None:
        halves = figure.subfigures(2, 1, squeeze=False, height_ratios=[size[1], extra])
        top = halves[0, 0]
        _draw_forces(halves[1, 0], picture.forces)
    shape = (len(panels), 1) if above else (1, len(panels))
    grid: list[Axes] = list(top.subplots(*shape, squeeze=False).flat)
    for axes, (name, drawn, scale) in zip(grid, panels, strict=True):
        _heat_map(axes, name, drawn, scale)
    _mark(grid[-1], picture)
    return figure


def _heat_map(axes: Axes, name: str, drawn: Flat, scale: float) -> None:
    from matplotlib import colormaps

    colours = colormaps[COLOURS].with_extremes(bad=BROKEN)
    numbers = drawn.numbers.where(drawn.numbers.isfinite(), float("nan")).numpy()
    image = axes.imshow(
        numbers, cmap=colours, vmin=-scale, vmax=scale, aspect="auto", interpolation="nearest"
    )
    finite = drawn.numbers[drawn.numbers.isfinite()].abs()
    cut = bool(finite.numel()) and finite.max().item() > scale * 1.001
    figure: Any = axes.figure
    bar = figure.colorbar(image, ax=axes, extend="both" if cut else "neither")
    bar.formatter.set_powerlimits((-2, 3))
    axes.set_title(name, fontsize=10, loc="left")
    axes.set_xlabel(drawn.columns or "entry")
    axes.set_ylabel(drawn.rows)
    if drawn.is_strip:
        axes.set_yticks([])


def _mark(axes: Axes, picture: Gradient) -> None:
    """Frame the entries that are furthest off and write their ranks beside them."""
    from matplotlib.patches import Rectangle

    if picture.difference is None:
        return
    width = picture.difference.numbers.shape[1]
    for rank, cell in enumerate(picture.worst, 1):
        corner = (cell.column - 0.5, cell.row - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=MARK, linewidth=1.8))
        left = cell.column > 0.9 * width
        axes.annotate(
            str(rank),
            (cell.column, cell.row),
            xytext=(-8 if left else 8, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=8,
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": MARK},
        )


def _draw_forces(figure: Any, forces: Forces) -> None:
    """Draw rows of n * dlogits with their sums, and the first row as bars."""
    from matplotlib.patches import Rectangle

    whose = "your" if forces.whose == "yours" else "autograd's"
    upper, lower = figure.subplots(2, 1, height_ratios=[1.25, 1])
    rows, vocabulary = forces.numbers.shape
    image = upper.imshow(
        forces.numbers.numpy(),
        cmap=COLOURS,
        vmin=-1,
        vmax=1,
        aspect="auto",
        interpolation="nearest",
    )
    figure.colorbar(image, ax=upper, pad=0.12)
    for row, label in enumerate(forces.labels):
        upper.add_patch(
            Rectangle((label - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=MARK, linewidth=1.8)
        )
        total = round(forces.sums[row].item(), 6) + 0.0
        upper.text(
            vocabulary, row, f"sum {total:+.6f}", va="center", ha="left", fontsize=8, clip_on=False
        )
    upper.set_xticks(range(vocabulary), list(forces.letters))
    upper.set_yticks(range(rows), [f"{row}, label {forces.letters[k]}" for row, k in
                                   enumerate(forces.labels)])  # fmt: skip
    upper.set_title(
        f"{whose} n * dlogits as forces; the label's cell is framed; {forces.balance}",
        fontsize=10,
        loc="left",
    )
    first = forces.numbers[0].tolist()
    # The step goes against the gradient, so the label's bar points up.
    lower.bar(
        range(vocabulary),
        [-value for value in first],
        color=["#2166ac" if value < 0 else "#b2182b" for value in first],
        edgecolor=[MARK if index == forces.labels[0] else "none" for index in range(vocabulary)],
    )
    lower.axhline(0, color="black", linewidth=0.8)
    lower.set_xticks(range(vocabulary), list(forces.letters))
    lower.set_xlim(-0.5, vocabulary - 0.5)
    lower.set_ylabel("pull on the logit")
    told = "row 0: the step goes against the gradient and pulls the label up, the rest down"
    lower.set_title(told, fontsize=10, loc="left")


def of_activations(picture: Activations) -> Figure:
    """Return the figure of a forward tensor: a histogram beside a map."""
    figure = _new(12, 4.8, picture.title, picture.said)
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.3])
    edges, counts = bins(picture.flat.numbers, 50)
    widths = [high - low for low, high in pairwise(edges)]
    left.bar(edges[:-1], counts, widths, align="edge", color="#4c78a8")
    left.set_ylabel("entries")
    left.set_xlabel("value")
    if picture.saturated is None:
        left.set_title("histogram", fontsize=10, loc="left")
        scale = picture.flat.numbers.abs().max().item() or 1.0
        _heat_map(right, "values", picture.flat, scale)
        return figure
    for edge in (-SATURATED, SATURATED):
        left.axvline(edge, color="#b2182b", linewidth=1, linestyle="--")
    left.set_title(f"histogram; dashed: {SATURATED} either way", fontsize=10, loc="left")
    right.imshow(
        picture.saturated.numpy(), cmap="gray", vmin=0, vmax=1, aspect="auto",
        interpolation="nearest",
    )  # fmt: skip
    right.set_title(f"white: |h| > {SATURATED}, hardly any gradient", fontsize=10, loc="left")
    right.set_xlabel(picture.flat.columns)
    right.set_ylabel(picture.flat.rows)
    return figure


def of_curves(
    curves: Mapping[str, Sequence[tuple[int, float]]],
    decay_at: int,
    chance: float,
    title: str,
    said: str,
) -> Figure:
    """Return the figure of loss curves: (step, loss) by name; `chance` is the loss of guessing."""
    figure = _new(8.5, 5.2, title, said)
    axes = figure.subplots()
    for (name, points), style in zip(curves.items(), ("-", "--", ":"), strict=False):
        steps, losses = zip(*points, strict=True)
        axes.plot(steps, losses, style, linewidth=1.6, label=name, marker="o", markersize=2)
    last = max(points[-1][0] for points in curves.values())
    lowest = min(loss for points in curves.values() for _, loss in points)
    highest = min(max(loss for points in curves.values() for _, loss in points), 1.6 * chance)
    axes.axhline(chance, color="gray", linewidth=0.8, linestyle=":")
    axes.annotate("guessing", (1.0, chance), xycoords=("axes fraction", "data"), ha="right",
                  va="bottom", fontsize=8, color="gray")  # fmt: skip
    if 0 < decay_at < last:
        axes.axvline(decay_at, color="gray", linewidth=0.8, linestyle="--")
        axes.annotate(" learning rate 0.1 -> 0.01", (decay_at, 0.92), fontsize=8, color="gray",
                      xycoords=("data", "axes fraction"))  # fmt: skip
    room = 0.05 * (max(highest, chance) - lowest) + 1e-3
    axes.set_ylim(lowest - room, max(highest, chance) + room)
    axes.set_xlim(0, max(last, 1))
    axes.set_xlabel("step")
    axes.set_ylabel("loss on a sample of the training split")
    axes.grid(alpha=0.25)
    axes.legend(loc="center right")
    return figure
