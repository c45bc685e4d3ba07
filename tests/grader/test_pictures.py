"""Pictures: what they show, that it is on the paper, and that it fits the terminal."""

from __future__ import annotations

import pytest
import torch
from matplotlib import colors, image
from matplotlib.patches import Rectangle

from grader import cases
from grader.course import catalogue, forward
from grader.course.network import Sizes
from grader.options import ROOT
from grader.pictures import characters, png, subject
from grader.question import Answer
from grader.sandbox.host.reply import Outcome

BOUND = 1e-5


@pytest.fixture(scope="module")
def splits():
    """The default corpus."""
    return cases.splits_of("names")


def answered(tensor):
    """Return what a submission says that returns this tensor."""
    return Answer(Outcome.OK, tensors=[tensor])


def case_of(name, kind, splits):
    """Return a task and a public case of its exercise."""
    task = catalogue.course().resolve(name)
    if kind == "lecture":
        return task, cases.lecture(task.exercise.key, splits.train)
    return task, cases.draw(task.exercise.key, "public", "any upstream")


def right_answer(task, case):
    """Return autograd's gradient in float32."""
    return forward.vjp(forward.readers(task), task.name[1:], case.tensors, case.upstream)


def picture(name, splits, *, kind="random", change=lambda right: right, forces=False):
    """Return the picture of a right answer, or of what `change` makes of one."""
    task, case = case_of(name, kind, splits)
    answer = answered(change(right_answer(task, case)))
    return subject.gradient(task, case, answer, BOUND, forces=forces)


def off_at(*index):
    """Return a change of one entry."""

    def change(right):
        right = right.clone()
        right[index] += 3 * right.abs().max()
        return right

    return change


def text(lines):
    """Return the lines of a terminal picture as plain text."""
    return "\n".join(line.plain for line in lines)


def pixels(figure, tmp_path):
    """Write a figure, read it back and return its colours (height, width, 3) from 0 to 1."""
    path = tmp_path / "picture.png"
    png.save(figure, path)
    return torch.from_numpy(image.imread(path)[..., :3].copy())


def inside(figure, axes, drawn):
    """Return the pixels within the frame of some axes."""
    box = axes.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
    left, low, right, high = (round(edge * 130) for edge in box.extents)
    height = drawn.shape[0]
    return drawn[height - high + 3 : height - low - 3, left + 3 : right - 3]


GRADIENTS = ["ex1.dprobs", "ex1.demb", "ex1.dcounts_sum", "ex1.db2", "ex1.dbngain", "ex3.dhprebn"]


@pytest.mark.parametrize("name", GRADIENTS)
def test_a_right_answer_is_drawn_without_a_difference(name, splits, tmp_path):
    """The first two panels are equal and not blank, the third has one colour."""
    figure = png.of_gradient(picture(name, splits))
    drawn = pixels(figure, tmp_path)
    panels = [axes for axes in figure.axes if axes.images]
    yours, autograds, difference = (inside(figure, axes, drawn) for axes in panels)
    assert [axes.get_title(loc="left") for axes in panels] == [
        "yours",
        "autograd's",
        "yours - autograd's",
    ]
    assert yours.std() > 0.05
    assert abs(yours.mean() - autograds.mean()) < 1e-3
    assert difference.flatten(0, 1).unique(dim=0).shape[0] == 1
    shared = panels[0].images[0].get_clim()
    assert shared == panels[1].images[0].get_clim()
    assert shared[0] == -shared[1]


@pytest.mark.parametrize(
    ("name", "index", "cell"),
    [
        ("ex1.dprobs", (3, 5), (3, 5)),
        ("ex1.demb", (4, 2, 7), (4, 27)),
        ("ex1.dcounts_sum", (21, 0), (0, 21)),
        ("ex1.db2", (26,), (0, 26)),
        ("ex1.dbngain", (0, 11), (0, 11)),
    ],
)
def test_the_worst_entry_is_marked_where_it_is(name, index, cell, splits, tmp_path):
    """The frame lies around the entry that is off, in whatever layout, and is on the paper."""
    shown = picture(name, splits, change=off_at(*index))
    (worst,) = shown.worst
    assert (worst.row, worst.column) == cell
    assert worst.index == index
    figure = png.of_gradient(shown)
    panel = [axes for axes in figure.axes if axes.images][-1]
    (frame,) = [patch for patch in panel.patches if isinstance(patch, Rectangle)]
    assert frame.get_xy() == (cell[1] - 0.5, cell[0] - 0.5)
    assert frame.get_edgecolor() == colors.to_rgba(png.MARK)
    assert inside(figure, panel, pixels(figure, tmp_path)).std() > 0.01
    assert f"worst 1: [{', '.join(map(str, index))}]" in text(characters.of_gradient(shown))


def test_axes_carry_the_names_of_the_tensors_own_dimensions(splits):
    """Dimensions are called as in the course; what was merged or laid down is said."""
    shown = picture("ex1.dembcat", splits)
    panel = png.of_gradient(shown).axes[0]
    assert (panel.get_ylabel(), panel.get_xlabel()) == ("n", "block_size * n_embd")
    shown = picture("ex1.demb", splits)
    assert (shown.right.rows, shown.right.columns) == ("n", "block_size * n_embd")
    assert "is drawn as (n, block_size * n_embd)" in " ".join(shown.notes)
    shown = picture("ex1.dcounts_sum", splits)
    assert (shown.right.is_strip, shown.right.columns) == (True, "n")
    assert "lying down" in " ".join(shown.notes)


@pytest.mark.parametrize("task", catalogue.course().tasks, ids=lambda task: task.full_name)
def test_a_terminal_picture_fits_and_is_always_the_same(task, splits):
    """Every gradient, right or wrong, fits 80 columns and is the same every time."""
    if forward.tensor_of(task) is None:
        pytest.skip("not one gradient")
    for change in (lambda right: right, lambda right: 2 * right):
        shown = picture(task.full_name, splits, change=change, forces=task.name == "dlogits")
        from rich.console import Console

        printed = []
        for _ in range(2):
            console = Console(width=80, record=True, quiet=True)
            with console.capture() as capture:
                for line in characters.of_gradient(shown):
                    console.print(line)
            printed.append(capture.get())
        assert printed[0] == printed[1]
        maps = [line.plain for line in characters.of_gradient(shown) if line.plain[:1] in "|+"]
        assert maps
        assert max(map(len, maps)) <= 80


def test_characters_alone_tell_sign_and_magnitude():
    """Without colours a map shows which entries are large and which are negative."""
    row = [-1.0, -0.3, -0.1, 0.0, 0.1, 0.3, 0.6, 1.0, float("nan")]
    assert characters.cells(row, 1.0).plain == "@-, '+*#?"


def test_a_single_wrong_entry_survives_the_shrinking_of_a_map():
    """Of each block the entry of the largest magnitude is shown; nan and inf come first."""
    numbers = torch.zeros(100, 200)
    numbers[17, 133], numbers[99, 199] = -2.0, float("nan")
    small, block = characters.pooled(numbers, 76, 16)
    assert small.shape[0] <= 16
    assert small.shape[1] <= 76
    assert small[17 // block[0], 133 // block[1]] == -2.0
    assert small[-1, -1].isnan()
    assert int((small != 0).sum()) == 2


def test_the_forces_on_the_logits_cancel_and_the_label_stands_out(splits, tmp_path):
    """Rows of dlogits sum to zero; the label is the only entry that is pulled up."""
    for name in ("ex1.dlogits", "ex2.dlogits"):
        shown = picture(name, splits, kind="lecture", forces=True)
        forces = shown.forces
        assert forces.sums.abs().max() < 1e-5
        assert forces.balance == "every row sums to zero"
        rows = torch.arange(len(forces.labels))
        assert (forces.numbers[rows, forces.labels] < 0).all()
        assert int((forces.numbers < 0).sum()) == len(forces.labels)
    said = text(characters.of_gradient(shown))
    assert said.count("+0.000000") == len(forces.labels)
    plain = png.of_gradient(picture("ex2.dlogits", splits, kind="lecture"))
    assert pixels(png.of_gradient(shown), tmp_path).shape[0] > pixels(plain, tmp_path).shape[0]


def test_forces_of_a_wrong_answer_are_said_not_to_cancel(splits):
    """The column of sums shows what is wrong where the label's -1 was forgotten."""
    forgotten = lambda right: right.clamp(min=0.0)  # noqa: E731
    shown = picture("ex2.dlogits", splits, kind="lecture", change=forgotten, forces=True)
    assert "do not sum to zero" in text(characters.of_gradient(shown))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(Outcome.NOT_IMPLEMENTED), "not written yet"),
        (
            Answer(Outcome.ERROR, "oh $x_ \x1b[31m no", line=3),
            "no answer: oh $x_  [31m no (line 3)",
        ),
        (Answer(Outcome.OK, tensors=[torch.zeros(0, 27)]), "nothing to draw"),
        (None, "autograd's gradient alone"),
    ],
)
def test_without_an_answer_autograds_gradient_is_drawn_alone(answer, told, splits, tmp_path):
    """A function that does not answer leaves one panel and a sentence; messages do no harm."""
    task, case = case_of("ex1.dprobs", "lecture", splits)
    shown = subject.gradient(task, case, answer, BOUND)
    said = text(characters.of_gradient(shown))
    assert told in said
    assert "yours" not in said
    figure = png.of_gradient(shown)
    assert len([axes for axes in figure.axes if axes.images]) == 1
    assert pixels(figure, tmp_path).std() > 0.05


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda right: right.T, "should be"),
        (lambda right: right[0, 0], "should be"),
        (lambda right: right * float("nan"), "yellow"),
        (lambda right: right * 1e30, "cut off"),
        (lambda right: right.long(), "floating dtype"),
        (lambda right: right.reshape(32, 27, 1), "only broadcasting saves it"),
    ],
)
def test_any_answer_can_be_drawn(change, told, splits, tmp_path):
    """Wrong shapes, dtypes, nan and huge numbers are drawn as far as that makes sense."""
    shown = picture("ex1.dprobs", splits, change=change)
    assert told in shown.said + " ".join(shown.notes)
    assert text(characters.of_gradient(shown))
    assert pixels(png.of_gradient(shown), tmp_path).std() > 0.01


def test_a_scale_follows_autograd_unless_the_answer_is_a_little_larger(splits):
    """An answer that is far too large is cut off: it must not blank autograd's."""
    right = picture("ex1.dprobs", splits)
    larger = picture("ex1.dprobs", splits, change=lambda right: 2 * right)
    huge = picture("ex1.dprobs", splits, change=lambda right: 100 * right)
    assert larger.scale == pytest.approx(2 * right.scale)
    assert huge.scale == pytest.approx(right.scale)


def test_saturated_units_are_white_where_tanh_is_flat(splits, tmp_path):
    """`h` is drawn as a histogram with its share beyond 0.97 and as a map of saturated units."""
    case = cases.lecture("ex1", splits.train)
    shown = subject.activations("h", case)
    beyond = case.tensors["h"].abs() > 0.97
    assert torch.equal(shown.saturated, beyond)
    assert f"{100 * beyond.double().mean():.1f} % of 2048" in shown.said
    said = text(characters.of_activations(shown))
    assert said.split("saturated units (#)")[1].count("#") == int(beyond.sum())
    assert max(map(len, said.splitlines())) <= 80
    figure = png.of_activations(shown)
    drawn = pixels(figure, tmp_path)
    white = (inside(figure, figure.axes[1], drawn) > 0.99).all(-1).double().mean().item()
    assert white == pytest.approx(beyond.double().mean().item(), abs=0.005)


def test_the_bins_of_a_histogram_hold_every_entry():
    """Nothing is lost at the edges, nor where all numbers are the same."""
    for numbers in (torch.linspace(-1, 1, 101), torch.full((7,), 3.0), torch.arange(50.0)):
        edges, counts = subject.bins(numbers.double(), 20)
        assert sum(counts) == numbers.numel()
        assert len(edges) == 21
    assert subject.bins(torch.tensor([-0.9, 0.9]).double(), 20)[0][0] == -1.0


def test_every_forward_tensor_can_be_drawn(splits, tmp_path):
    """Each tensor of the forward pass has a histogram and a map, within 80 columns."""
    case = cases.lecture("ex1", splits.train)
    for name in subject.forward_names():
        said = text(characters.of_activations(subject.activations(name, case)))
        rows = [line for line in said.splitlines() if line[:1] in "|+"]
        assert max(map(len, rows)) <= 80
    assert pixels(png.of_activations(subject.activations("bnvar", case)), tmp_path).std() > 0.05


def test_dimensions_are_laid_out_in_order():
    """Merging and laying down keep every entry in its place."""
    sizes = Sizes()
    tensor = torch.arange(32 * 3 * 10).reshape(32, 3, 10)
    assert torch.equal(subject.flat(tensor, sizes).numbers.flatten(), tensor.flatten().double())
    assert subject.flat(torch.ones(()), sizes).numbers.shape == (1, 1)


# The command


def test_the_command_draws_a_submissions_gradient_and_its_forces(grader, tmp_path):
    """`grader draw dlogits` shows the lecture's picture; output has neither colours nor long lines
    where there is no terminal.
    """
    out = tmp_path / "dlogits.png"
    shown = grader("draw", "dlogits", "--path", "solutions", "--out", out)
    assert "ex2.dlogits (n, vocab), the lecture's batch, true chain\nright" in shown
    assert "every row sums to zero" in " ".join(shown.split())
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines()[:-1])) <= 80
    assert image.imread(out).std() > 0.05


def test_the_command_draws_what_is_not_written_and_finds_a_place_for_it(grader, tmp_path):
    """Untouched exercises give autograd's picture, by default below reports/."""
    shown = grader("draw", "dh", "--case", "random", "--path", ROOT / "exercises", cwd=tmp_path)
    assert "not written yet: this is what autograd says" in shown
    assert (tmp_path / "reports" / "pictures" / "ex1.dh.png").is_file()
    shown = grader("draw", "h", cwd=tmp_path)
    assert "beyond 0.97" in shown
    assert (tmp_path / "reports" / "pictures" / "h.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("dnothing",), 2, "there is no task 'dnothing'"),
        (("dhprebn",), 2, "say one of ex1.dhprebn"),
        (("ex4.train",), 2, "not one gradient"),
        (("dh", "--forces"), 2, "--forces is about dlogits"),
        (("ex1.dlogits", "--forces", "--case", "random"), 2, "are no forces"),
        (("dh", "--out", "x.jpg"), 2, "ends in .png"),
        (("dh", "--out", "no/such/x.png"), 2, "there is no folder"),
        (("dh", "--path", "no-such-folder"), 3, "there is no such file or folder"),
        (("dh", "--corpus", "nope"), 3, "there is no corpus"),
    ],
)
def test_a_mistake_says_what_was_wrong_and_exits_with_its_code(grader, arguments, code, told):
    """An error names what was wrong, and the exit code is the documented one."""
    assert told in " ".join(grader("draw", *arguments, code=code).split())
