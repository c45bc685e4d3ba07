"""Broken training loops lose points, and loops that are right in another order keep some.

Each loop is the solution of exercise 4 with a few lines replaced. A bug of training is hard to
see: many broken loops reach a loss that looks good. A table at the end tells what caught which.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from grader import grade
from grader.options import ROOT, Options
from grader.report import Check, TaskReport
from grader.sandbox.host.zygote import Zygote
from grader.submission import Submission

FILE = "ex4_training.py"
OPTIONS = Options(seed="bugs", public_only=True, tasks=("ex4.train",))
DRAW = "        ix = torch.randint(0, X.shape[0], (batch_size,), generator=generator)\n"
COMPUTE = "        gradients = backward(X[ix], Y[ix], *parameters)\n"
DECAY = "learning_rate = 0.1 if i < decay_at else 0.01\n"
STEP = "            parameter -= learning_rate * gradient\n"
FACTS = {
    "trajectory": "distance from the reference trajectory",
    "mean": "distance from the mean trajectory",
    "loss": "loss",
}

Edit = tuple[str, str]


def never_moved(place: int) -> Edit:
    """Return the replacement that takes one of the seven parameters out of the update."""
    return COMPUTE, COMPUTE + (
        f"        gradients = list(gradients)\n"
        f"        gradients[{place}] = torch.zeros_like(gradients[{place}])\n"
    )


def stale(place: int) -> Edit:
    """Return the replacement that keeps one gradient of the first step for ever."""
    return COMPUTE, COMPUTE + (
        f"        gradients = list(gradients)\n"
        f"        kept = gradients[{place}] if i == 0 else kept\n"
        f"        gradients[{place}] = kept\n"
    )


EMBEDDING = "    dC = torch.zeros_like(C).index_add_(0, Xb.flatten(), demb)\n"
BUGS: dict[str, Edit] = {
    "no update of C": never_moved(0),
    "no update of W1": never_moved(1),
    "no update of b2": never_moved(4),
    "no update of bngain": never_moved(5),
    "mean term with the wrong sign": ("dhpreact - dbnbias / n", "dhpreact + dbnbias / n"),
    "no mean term": ("dhpreact - dbnbias / n", "dhpreact"),
    "variance term with the wrong sign": ("- bnraw * (dbngain", "+ bnraw * (dbngain"),
    "no variance term": (" - bnraw * (dbngain / (n - 1))", ""),
    "Bessel's correction missing": ("dbngain / (n - 1)", "dbngain / n"),
    "slope of tanh missing": ("(1.0 - h**2) * (dlogits @ W2.T)", "dlogits @ W2.T"),
    "slope of tanh without the square": ("(1.0 - h**2)", "(1.0 - h)"),
    "gain forgotten": ("bngain * bnvar_inv * centred", "bnvar_inv * centred"),
    "embedding rows overwritten": (
        EMBEDDING,
        "    dC = torch.zeros_like(C)\n    dC[Xb.flatten()] = demb\n",
    ),
    'embedding rows "+="': (
        EMBEDDING,
        "    dC = torch.zeros_like(C)\n    dC[Xb.flatten()] += demb\n",
    ),
    "dlogits not divided by n": ("    dlogits /= n\n", ""),
    "label pushed down": ("dlogits[torch.arange(n), Yb] -= 1.0", "dlogits[range(n), Yb] += 1.0"),
    "label of the next character": ("arange(n), Yb] -= 1.0", "arange(n), (Yb + 1) % 27] -= 1.0"),
    "stop after 100 steps": (STEP, STEP + "        if i == 100:\n            break\n"),
    "no decay": (DECAY, "learning_rate = 0.1\n"),
    "decay inverted": (DECAY, "learning_rate = 0.01 if i < decay_at else 0.1\n"),
    "ascent": ("parameter -= learning_rate", "parameter += learning_rate"),
    "stale dC": stale(0),
    "stale dW2": stale(3),
    "batch size written out": (DRAW, DRAW.replace("(batch_size,)", "(32,)")),
    "first batch reused": (DRAW, "        if i == 0:\n    " + DRAW),
}
OTHER_ORDERS: dict[str, Edit] = {
    "randperm": (
        DRAW,
        "        ix = torch.randperm(X.shape[0], generator=generator)[:batch_size]\n",
    ),
    "sequential": (
        DRAW,
        "        ix = torch.arange(i * batch_size, (i + 1) * batch_size) % X.shape[0]\n",
    ),
    "global random numbers": (DRAW, DRAW.replace(", generator=generator", "")),
    "one extra draw": (DRAW, DRAW + "        torch.rand(1, generator=generator)\n"),
}


@dataclass(frozen=True)
class Row:
    """One line of the table: what each part measured, and whether it failed."""

    name: str
    task: TaskReport

    def __str__(self) -> str:
        caught = [
            part for part in ("trajectory", "learning") if self.check(part).status != "passed"
        ]
        figures = [f"{self.figure(what):>11}" for what in FACTS]
        return f"{self.name:<36}{''.join(figures)}  {self.task.points:>3g}  {', '.join(caught)}"

    def check(self, part: str) -> Check:
        """Return the check of one part."""
        (check,) = (check for check in self.task.checks if check.part == part)
        return check

    def figure(self, what: str) -> str:
        """Return a figure of the checks; a dash where a check ended before it."""
        facts = self.check("trajectory").facts | self.check("learning").facts
        value = facts.get(FACTS[what])
        return "-" if value is None else f"{value:.4g}"


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> Iterator[list[Row]]:
    """Collect a row for each loop, and print them all at the end."""
    rows: list[Row] = []
    yield rows
    capture = request.config.pluginmanager.get_plugin("capturemanager")
    with capture.global_and_fixture_disabled():
        heads = "".join(f"{what:>11}" for what in FACTS)
        print(f"\n{'training loop':<36}{heads}  pts  caught by")
        print(*rows, sep="\n")


def trained(zygote: Zygote, table: list[Row], name: str, edit: Edit | None = None) -> Row:
    """Grade the solution's training loop with an edit in it, and enter it into the table."""
    source = (ROOT / "solutions" / FILE).read_text(encoding="utf-8")
    if edit is not None:
        before, after = edit
        assert source.count(before) == 1, f"the solution has {before!r} not once"
        source = source.replace(before, after)
    submission = Submission(name, {FILE: source.encode()}, "0" * 64)
    (task,) = grade.grade_one(submission, zygote, OPTIONS).tasks
    table.append(Row(name, task))
    return table[-1]


def test_the_solution_itself_earns_everything(zygote: Zygote, table: list[Row]) -> None:
    """Without an edit both parts are right: whatever the others lose, they lose by their edit."""
    row = trained(zygote, table, "no bug at all")
    assert (row.task.status, row.task.parts) == ("passed", {"trajectory": 8, "learning": 4})


@pytest.mark.parametrize("bug", BUGS)
def test_a_broken_loop_loses_points(zygote: Zygote, table: list[Row], bug: str) -> None:
    """A loop with one bug runs to its end, gives parameters, and is found out all the same."""
    task = trained(zygote, table, bug, BUGS[bug]).task
    assert task.status == "failed", task.message
    assert task.points < task.max_points
    assert not task.traceback


@pytest.mark.parametrize("order", OTHER_ORDERS)
def test_other_minibatches_keep_the_points_of_learning(
    zygote: Zygote, table: list[Row], order: str
) -> None:
    """A loop that learns rightly from other minibatches loses the trajectory, which cannot be
    followed then, and is told where to look. What it learnt counts.
    """
    task = trained(zygote, table, f"other order: {order}", OTHER_ORDERS[order]).task
    assert task.status == "failed"
    assert task.parts == {"trajectory": 0, "learning": 4}, task.message
    assert "Are the minibatches drawn as documented" in task.message
