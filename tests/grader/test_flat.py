"""Flat notebooks: answers that are variables at the top level, each judged by itself.

These tests judge in this process; `test_flat_grading.py` grades such notebooks in the sandbox.
"""

from __future__ import annotations

import ast
import textwrap

import flat_notebooks as notebooks
import pytest
import torch
from flat_notebooks import EX1, TASKS, judged, lines, read, source, whole, wrong
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import cases, checks
from grader.course import misconceptions
from grader.judge import TRUE_CHAIN_ONLY, CheckFailed, Judge, Record
from grader.sandbox.guest import callables
from grader.sandbox.guest.flat.names import Vocabulary
from grader.sandbox.guest.source.survey import survey


def only(task: str, text: str) -> Record:
    """Return how a whole notebook with other statements for one task does on that task."""
    return judged(source(whole({task: text})), [task])[task]


def slices(text: str) -> dict[str, str]:
    """Return the statements that each task is judged by."""
    reading = read(text)
    return {
        answer.task: "\n".join(ast.unparse(reading.statements[i]) for i in answer.statements)
        for answer in reading.answers()
    }


RIGHT = slices(source(whole()))


# What is right


def test_a_whole_notebook_is_right():
    """The course's own lines at the top level are right on every task of exercises 1 to 3."""
    records = judged(source(whole()))
    assert list(TASKS) == list(records)
    assert {("passed", "")} == {(record.status, record.note) for record in records.values()}


AS_RIGHT = {
    "a loop": (
        "ex1.dC",
        """
        dC = torch.zeros_like(C)
        for k in range(Xb.shape[0]):
            for j in range(Xb.shape[1]):
                ix = Xb[k, j]
                dC[ix] += demb[k, j]
        """,
    ),
    "enumerate": (
        "ex1.dC",
        """
        dC = torch.zeros(27, 10)
        for context, slopes in zip(Xb, demb):
            for place, character in enumerate(context):
                dC[character.item()] += slopes[place]
        """,
    ),
    "one-hot and einsum": (
        "ex1.dC",
        """
        chosen = F.one_hot(Xb, num_classes=vocab_size).float()
        dC = torch.einsum("nbv,nbe->ve", chosen, demb)
        """,
    ),
    "a list that grows": (
        "ex1.dC",
        """
        rows = []
        for v in range(vocab_size):
            rows.append(demb[Xb == v].sum(0))
        dC = torch.stack(rows)
        """,
    ),
    "a helper function": (
        "ex1.dC",
        """
        def add_up(values, places, size):
            total = torch.zeros(size, values.shape[-1])
            total.index_add_(0, places.flatten(), values.flatten(0, 1))
            return total
        dC = add_up(demb, Xb, vocab_size)
        """,
    ),
    "out=": ("ex1.dW2", "dW2 = torch.empty_like(W2)\ntorch.matmul(h.T, dlogits, out=dW2)"),
    "a mask in a buffer of another name": (
        "ex1.dlogits",
        """
        buffer = torch.zeros_like(logits)
        rows = buffer.view(n, vocab_size)
        rows[range(n), logits.argmax(1)] = 1
        dlogits = dnorm_logits.clone()
        dlogits += buffer * dlogit_maxes
        """,
    ),
    "under another name": (
        "ex1.dlogits",
        """
        dlogits = dnorm_logits.clone()
        same = dlogits
        same[range(n), logits.argmax(1)] += dlogit_maxes[:, 0]
        """,
    ),
    "an alias that is not changed": (
        "ex1.dlogits",
        """
        dlogits = dnorm_logits
        dlogits = dlogits + (logits == logit_maxes) * dlogit_maxes
        """,
    ),
    "a call on what a call returns": (
        "ex1.dlogits",
        """
        places = torch.arange(n), logits.argmax(1)
        dlogits = dnorm_logits + torch.zeros(n, 27).index_put_(places, dlogit_maxes.flatten())
        """,
    ),
    "two halves": (
        "ex1.dbndiff",
        """
        dbndiff_1 = bnvar_inv * dbnraw
        dbndiff_2 = (2 * bndiff) * dbndiff2
        dbndiff = dbndiff_1 + dbndiff_2
        """,
    ),
    "+= after other cells": (
        "ex1.dhprebn",
        "dhprebn = dbndiff.clone()\nprint(dhprebn)\ndhprebn += (1 / n) * dbnmeani",
    ),
    "sizes as numbers": (
        "ex1.dlogprobs",
        "dlogprobs = torch.zeros((32, 27))\ndlogprobs[torch.arange(32), Yb] = -1 / 32",
    ),
    "a size of its own": (
        "ex1.dlogprobs",
        "N, V = logprobs.shape\ndlogprobs = -F.one_hot(Yb, V) / N",
    ),
    "a factor for the loss": (
        "ex1.dlogprobs",
        "dloss = 1.0\ndlogprobs = torch.where(F.one_hot(Yb, 27).bool(), -dloss / n, 0.0)",
    ),
    "several on a line": ("ex1.dh", "x = 1; dh = dlogits @ W2.T; print(dh.shape)"),
    "a tuple": ("ex1.dW2", "dW2, total = h.T @ dlogits, dlogits.sum(0)"),
    "an annotation": ("ex1.dh", "dh: torch.Tensor = dlogits @ W2.T"),
    "a walrus": ("ex1.dh", "dh = dlogits @ (transposed := W2.T)"),
    "a chain of equals": ("ex1.dh", "dh = arrives = dlogits @ W2.T"),
    "another spelling": ("ex1.dcounts_sum_inv", "d_count_sum_inv = (counts*dprobs).sum(1, True)"),
    "names used before": ("ex1.dbngain", "C2 = bnraw * dhpreact\nn = 5\ndbngain = C2.sum(0, True)"),
    "exercise 1 in exercise 3": (
        "ex3.dhprebn",
        "dhprebn = bngain*bnvar_inv*(dhpreact - dbnbias/n - bnraw*dbngain/(n - 1))",
    ),
    "steps that reuse names": (
        "ex3.dhprebn",
        """
        dbnraw = 2 * bngain * dhpreact
        dbnmeani = dbnraw.sum(0)
        along = (dbnraw * bnraw).sum(0)
        dhprebn = bnvar_inv / (2 * n) * (n * dbnraw - dbnmeani - n / (n - 1) * bnraw * along)
        """,
    ),
    "softmax of its own": (
        "ex2.dlogits",
        """
        shifted = logits - logits.max(1, keepdim=True).values
        probs = shifted.exp() / shifted.exp().sum(1, keepdim=True)
        probs[range(n), Yb] -= 1
        dlogits = probs / n
        """,
    ),
}


@pytest.mark.parametrize(("task", "text"), AS_RIGHT.values(), ids=AS_RIGHT.keys())
def test_the_same_in_other_words(task, text):
    """What people write in place of the solution's line is as right, and costs no other task."""
    text = textwrap.dedent(text).strip()
    changed = source(whole({task: text}))
    assert judged(changed, [task])[task].status == "passed"
    others = {name: found for name, found in slices(changed).items() if name != task}
    assert {name: found for name, found in RIGHT.items() if name != task} == others


def test_one_function_for_everything_is_taken_apart():
    """A backward pass in a function that returns every gradient is judged line by line."""
    names = [TASKS[name].name for name in EX1]
    body = "\n".join(lines()[name] for name in EX1).replace("(1.0 - h ** 2)", "(1.0 - h)")
    function = f"def backward(scale=1.0):\n{textwrap.indent(body, '    ')}\n"
    function += f"    return {', '.join(names)}"
    call = f"{', '.join(names)} = backward()"
    assert wrong(source([*notebooks.before(), function, call]), EX1) == ["ex1.dhpreact"]


def test_two_answers_of_one_loop():
    """A loop that answers two tasks at once answers each of them."""
    both = """
dW2, db2 = torch.zeros_like(W2), torch.zeros_like(b2)
for i in range(n):
    dW2 += torch.outer(h[i], dlogits[i])
    db2 += dlogits[i]
"""
    pair = ["ex1.dW2", "ex1.db2"]
    assert wrong(source(whole({"ex1.dW2": both, "ex1.db2": ""})), pair) == []
    half = both.replace("db2 += dlogits", "db2 = dlogits")
    assert wrong(source(whole({"ex1.dW2": half, "ex1.db2": ""})), pair) == ["ex1.db2"]


@pytest.mark.parametrize(
    "head", ["with torch.no_grad():", "if True:", "try:", 'if __name__ == "__main__":']
)
def test_everything_in_one_block(head):
    """A block around the whole backward pass changes nothing."""
    block = f"{head}\n{textwrap.indent(chr(10).join(lines()[name] for name in EX1), '    ')}"
    block += "\nexcept ValueError:\n    pass" if head == "try:" else ""
    assert {name: RIGHT[name] for name in EX1} == slices(source([*notebooks.before(), block]))


# What is wrong

HARD_CODED = "only-"
"""Entries of the bank that are wrong at other sizes only, or for rows without a label or with two
maxima: a notebook has one size.
"""

UNNAMED = {
    "ex1.dprobs/in-place-upstream",
    "ex1.dcounts/in-place-upstream",
    "ex1.dhpreact/in-place-upstream",
    "ex1.dbnraw/in-place-upstream",
    "ex1.dbndiff/in-place-upstream",
    "ex3.dhprebn/in-place-upstream",
}
"""These write another answer by its name: in a notebook that one is wrong as well."""


def expected_name(entry: misconceptions.Misconception) -> str:
    """Return what a notebook with a misconception is told."""
    if entry.slug.startswith("in-place"):
        return "in-place"
    return "zeros" if entry.slug == "zero-by-cancellation" else entry.id


@pytest.mark.parametrize("task", TASKS)
def test_each_misconception_costs_its_own_task(task):
    """Every wrong formula of the bank, as statements, fails its task, is named, and costs no other
    task, because all others are judged by the same statements as before.
    """
    known = [
        entry
        for entry in misconceptions.of_task(task)
        if not entry.slug.startswith(HARD_CODED) and entry.id not in UNNAMED
    ]
    assert known
    for entry in known:
        text = source(whole({task: notebooks.of_formula(entry.formula, TASKS[task].name)}))
        record = judged(text, [task])[task]
        assert ("failed", expected_name(entry)) == (record.status, (record.diagnosis or {})["id"])
        others = {name: found for name, found in slices(text).items() if name != task}
        assert {name: found for name, found in RIGHT.items() if name != task} == others


@pytest.mark.parametrize("entry", sorted(UNNAMED))
def test_an_earlier_answer_that_is_overwritten_by_name_is_wrong(entry):
    """A statement that writes over an upstream gradient does not earn its own task's points."""
    task, slug = entry.split("/")
    (known,) = (e for e in misconceptions.of_task(task) if e.slug == slug)
    text = source(whole({task: notebooks.of_formula(known.formula, TASKS[task].name)}))
    assert [task] == wrong(text, [task])


def test_a_missing_maximum_is_seen():
    """On the true chain the branch through the maximum vanishes, and it is missed all the same."""
    record = only("ex1.dlogits", "dlogits = dnorm_logits.clone()")
    assert record.status == "failed"
    assert record.diagnosis is not None
    assert "logit_maxes is missing" in record.diagnosis["says"]


@pytest.mark.parametrize(
    ("task", "text"),
    [
        ("ex1.db1", "db1 = torch.zeros_like(b1)"),
        ("ex1.db1", "db1 = dhprebn.mean(0)"),
        ("ex1.dlogit_maxes", "dlogit_maxes = torch.zeros_like(logit_maxes)"),
    ],
)
def test_where_the_true_chain_vanishes_it_shows_nothing(task, text):
    """A gradient that is zero on every true chain has to be right for other upstream gradients."""
    assert only(task, text).status == "failed"


def test_a_change_through_an_alias_is_charged_to_the_line_that_makes_it():
    """Without the clone, dnorm_logits is overwritten, and that costs nothing but dlogits."""
    text = lines()["ex1.dlogits"].replace("dnorm_logits.clone()", "dnorm_logits")
    asked = ["ex1.dnorm_logits", "ex1.dlogit_maxes", "ex1.dlogits", "ex1.dh"]
    assert wrong(source(whole({"ex1.dlogits": text})), asked) == ["ex1.dlogits"]
    record = only("ex1.dlogits", text)
    assert "dnorm_logits was changed in place" in record.message


def test_an_error_names_what_else_failed():
    """A name whose helper failed is told with the helper's own error."""
    text = "weight = no_such_function(h)\ndW2 = weight.T @ dlogits"
    record = only("ex1.dW2", text)
    assert record.status == "error"
    assert "name 'weight' is not defined" in record.message
    assert "no_such_function" in record.message


# Right, with a note


@pytest.mark.parametrize(
    ("task", "text"),
    [
        (
            "ex1.dcounts_sum_inv",
            "dcounts_sum_inv = (counts[range(n), Yb] * dprobs[range(n), Yb]).view(-1, 1)",
        ),
        (
            "ex1.dprobs",
            "dprobs = torch.zeros_like(probs)\n"
            "dprobs[range(n), Yb] = dlogprobs[range(n), Yb] / probs[range(n), Yb]",
        ),
        (
            "ex1.dcounts",
            "dcounts = counts_sum_inv * (dprobs - (dprobs * probs).sum(1, keepdim=True))",
        ),
    ],
)
def test_right_on_the_true_chain_alone(task, text):
    """What holds only for the gradients of this loss is right in a notebook, with a note."""
    record = only(task, text)
    assert (record.status, record.note) == ("passed", TRUE_CHAIN_ONLY)


@pytest.mark.parametrize(
    ("task", "text", "shape"),
    [
        ("ex1.dbnmeani", "dbnmeani = -dbndiff.sum(0)", "(64,), not (1, 64)"),
        ("ex1.db1", "db1 = dhprebn.sum(0, keepdim=True)", "(1, 64), not (64,)"),
    ],
)
def test_a_shape_that_broadcasting_saves_is_a_note(task, text, shape):
    """Right numbers in a shape that differs by size-1 dimensions are right, with a note."""
    record = only(task, text)
    assert record.status == "passed"
    assert shape in record.note


def test_a_shape_with_too_few_numbers_is_wrong():
    """A gradient that would still have to be repeated is not the gradient."""
    assert only("ex1.dbndiff2", "dbndiff2 = dbnvar / (n - 1)").status == "failed"


# When an answer is complete

HALF = "dcounts = counts_sum_inv * dprobs"
REST = "dcounts += dcounts_sum"
AFTER = lines()["ex1.dnorm_logits"]


def around(*parts: str) -> str:
    """Return a notebook with other statements for dcounts and dnorm_logits, a cell for each."""
    cells_ = whole({"ex1.dcounts": "", "ex1.dnorm_logits": ""})
    place = cells_.index(lines()["ex1.dcounts_sum"]) + 1
    return source([*cells_[:place], *parts, *cells_[place:]])


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([HALF, REST, AFTER], []),
        ([HALF, AFTER], ["ex1.dcounts"]),
        ([HALF, AFTER, REST], ["ex1.dcounts"]),
        ([HALF, AFTER, REST, AFTER], []),
        ([HALF, AFTER, HALF, REST, AFTER], []),
        ([HALF, REST, REST, AFTER], ["ex1.dcounts"]),
        ([HALF, REST, AFTER, "dcounts = dcounts * 2"], []),
        ([HALF, REST, AFTER, HALF], []),
        ([HALF, REST, AFTER, HALF, "dprobs = dcounts * 3"], []),
    ],
    ids=str,
)
def test_an_answer_is_complete_when_it_is_used(parts, expected):
    """What is written before another answer is computed counts; what comes after does not."""
    assert expected == wrong(around(*parts), ["ex1.dcounts", "ex1.dnorm_logits"])


def test_exercises_2_and_3_reuse_names():
    """dlogits and dhprebn of later cells answer exercises 2 and 3, and leave exercise 1 alone."""
    bad = {"ex2.dlogits": "dlogits = F.softmax(logits, 1)", "ex3.dhprebn": "dhprebn = dhpreact * 2"}
    assert [*bad] == wrong(source(whole(bad)), ["ex1.dlogits", "ex1.dhprebn", *bad])
    bad = {"ex1.dlogits": "dlogits = 2 * dnorm_logits", "ex1.dhprebn": "dhprebn = 2 * dbndiff"}
    assert [*bad] == wrong(source(whole(bad)), [*bad, "ex2.dlogits", "ex3.dhprebn"])


def test_exercises_2_and_3_alone():
    """Without exercise 1 they are found all the same, and nothing else is."""
    late = [lines()["ex2.dlogits"], lines()["ex3.dhprebn"]]
    records = judged(source([*notebooks.before(), *late]))
    assert {name: record.status for name, record in records.items()} == {
        "ex2.dlogits": "passed",
        "ex3.dhprebn": "passed",
    }


SHORT_CUTS = {
    "two gradients of the way": (
        "dhprebn = bnvar_inv * dbnraw + 2 * bndiff * dbndiff2\n"
        "dhprebn = dhprebn - dhprebn.mean(0, keepdim=True)"
    ),
    "the sums of gain and shift": (
        "dhprebn = bngain * bnvar_inv * (dhpreact - dbnbias / n - bnraw * dbngain / (n - 1))"
    ),
    "the gradient of the deviations": "dhprebn = (dbndiff * 1.0 - dbndiff.mean(0, keepdim=True))",
}
WITHIN = ("dbngain", "dbnbias", "dbnraw", "dbnvar_inv", "dbnvar", "dbndiff2", "dbndiff", "dbnmeani")


@pytest.mark.parametrize("way", SHORT_CUTS)
def test_what_a_formula_for_several_lines_is_computed_from_is_not_handed_in(way):
    """Exercise 3 gets no gradient from between its ends: whoever has not computed it has none."""
    without = dict.fromkeys((f"ex1.{name}" for name in (*WITHIN, "dhprebn")), "")
    cells = whole({**without, "ex3.dhprebn": SHORT_CUTS[way]})
    assert wrong(source(cells), ["ex3.dhprebn"]) == ["ex3.dhprebn"]


@pytest.mark.parametrize("way", ["two gradients of the way", "the sums of gain and shift"])
def test_what_the_notebook_computes_on_the_way_is_a_part_of_the_answer(way):
    """Where exercise 1 computes these gradients from dhpreact, its lines run for exercise 3, too:
    with them it is right, and wrong with them.
    """
    changed = {"ex3.dhprebn": SHORT_CUTS[way]}
    assert wrong(source(whole(changed)), ["ex1.dhprebn", "ex3.dhprebn"]) == []
    changed |= {"ex1.dbnraw": "dbnraw = bngain + dhpreact", "ex1.dbngain": "dbngain = bnraw * 2"}
    assert wrong(source(whole(changed)), ["ex1.dhprebn", "ex3.dhprebn"]) == ["ex3.dhprebn"]


def test_cross_entropy_by_a_helper_with_the_name_of_a_gradient():
    """Exercise 2 starts from nothing, so a gradient that it computes on the way is a helper."""
    text = (
        "dlogprobs = torch.zeros_like(logits)\n"
        "dlogprobs[range(n), Yb] = -1.0 / n\n"
        "dlogits = dlogprobs + probs / n"
    )
    tasks = ["ex1.dlogprobs", "ex1.dlogits", "ex2.dlogits"]
    assert wrong(source(whole({"ex2.dlogits": text})), tasks) == []
    assert wrong(source(whole({"ex2.dlogits": text.replace("-1.0", "1.0")})), tasks) == [
        "ex2.dlogits"
    ]


@pytest.mark.parametrize("fused", ["ex2.dlogits", "ex3.dhprebn"])
def test_the_last_line_of_exercise_1_again_is_no_formula_for_several_lines(fused):
    """Whoever writes the last line a second time has not begun exercise 2 or 3."""
    name = fused.partition(".")[2]
    records = judged(source(whole({fused: lines()[f"ex1.{name}"]})), [f"ex1.{name}", fused])
    assert {name: record.status for name, record in records.items()} == {f"ex1.{name}": "passed"}


def test_a_second_attempt_counts():
    """Of two whole backward passes the second counts, whichever of them is wrong."""
    bad = {"ex1.dhpreact": "dhpreact = (1 - h) * dh", "ex1.dlogits": "dlogits = dnorm_logits"}
    first, second = whole(bad), notebooks.backward_pass()
    assert wrong(source([*first, *second]), list(bad)) == []
    assert list(bad) == wrong(source([*whole(), *notebooks.backward_pass(bad)]), list(bad))


def test_a_scratch_cell_at_the_end_is_no_attempt():
    """What nothing else is computed from leaves the answer that is carried on alone."""
    scratch = "dlogits = dnorm_logits * 2\ndh = dlogits @ W2.T * 3"
    assert wrong(source([*whole(), scratch]), ["ex1.dlogits", "ex1.dh"]) == []


def test_a_part_of_an_answer_may_be_used_for_its_other_part():
    """dlogit_maxes computed from the first half of dlogits is right, and so is dlogits."""
    changed = {
        "ex1.dlogit_maxes": "dlogits = dnorm_logits.clone()\n"
        "dlogit_maxes = -dlogits.sum(1, keepdim=True)",
        "ex1.dlogits": "dlogits[range(n), logits.argmax(1)] += dlogit_maxes.squeeze()",
    }
    assert wrong(source(whole(changed)), ["ex1.dlogit_maxes", "ex1.dlogits", "ex2.dlogits"]) == []


@settings(max_examples=30, deadline=None)
@given(st.integers(0, len(EX1)))
def test_half_a_notebook_has_the_answers_that_are_there(count):
    """The first lines of a backward pass answer exactly their own tasks."""
    found = slices(source([*notebooks.before(), *[lines()[name] for name in EX1[:count]]]))
    assert {name: RIGHT[name] for name in EX1[:count]} == found


@settings(max_examples=30, deadline=None)
@given(st.permutations(EX1))
def test_the_order_of_cells_does_not_matter(order):
    """Cells can be run in any order: where each line has a cell, all are judged as before."""
    found = slices(source([*notebooks.before(), *[lines()[name] for name in order]]))
    assert {name: RIGHT[name] for name in EX1} == found


@settings(max_examples=30, deadline=None)
@given(st.integers(0, len(whole())), st.sampled_from(["x = (", "def f(:", '"""', "%%time\n1 +"]))
def test_a_cell_that_does_not_parse_costs_no_other(place, cell):
    """Whatever cell is added to a notebook and is no Python, all answers stay."""
    cells_ = whole()
    assert slices(source([*cells_[:place], cell, *cells_[place:]])) == RIGHT


# Names


@pytest.mark.parametrize(
    "names",
    [
        {"Xb": "X", "Yb": "Y"},
        {"Xb": "batch", "Yb": "labels"},
        {"W1": "W_in", "b1": "b_in", "W2": "W_out", "b2": "b_out"},
        {"bngain": "gamma", "bnbias": "beta"},
        {"C": "table"},
    ],
    ids=lambda names: " ".join(names.values()),
)
def test_own_names_for_what_nobody_computes(names):
    """A notebook may call the batch and the parameters as it likes: the forward pass tells."""
    own = {**names, **{f"d{old}": f"d{new}" for old, new in names.items()}}

    class Renamed(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.Name:
            return ast.Name(own.get(node.id, node.id), node.ctx)

    text = [
        ast.unparse(Renamed().visit(ast.parse(cell))) if "%" not in cell else cell
        for cell in whole()
    ]
    assert wrong(source(text)) == []


def test_own_names_for_forward_tensors():
    """A forward tensor of another name is computed by the notebook's own line."""
    names = {"bndiff": "centred", "logits": "scores", "counts_sum": "totals"}
    text = source(whole())
    for old, new in names.items():
        text = "\n".join(
            line.replace(f"{old} ", f"{new} ") if line.startswith(f"{old} =") else line
            for line in text.split("\n")
        )
        text = text.replace(f"-{old} **", f"-{new} **").replace(f"* {old} *", f"* {new} *")
    assert "centred" in text
    assert wrong(text) == []


def test_helpers_of_later_cells():
    """What is defined only after its use is found: cells can be run in any order."""
    late = ["def down(t):\n    return t.sum(AXIS)", "AXIS = START_AXIS - 1", "START_AXIS = 1"]
    assert wrong(source([*whole({"ex1.db2": "db2 = down(dlogits)"}), *late]), ["ex1.db2"]) == []


def test_a_helper_is_what_was_assigned_last():
    """Names such as `tmp` are used again and again, and mean what they meant at that place."""
    changed = {
        "ex1.dbngain": "tmp = bnraw * dhpreact\ndbngain = tmp.sum(0, keepdim=True)",
        "ex1.dbnvar_inv": "tmp = bndiff * dbnraw\ndbnvar_inv = tmp.sum(0, keepdim=True)",
    }
    found = slices(source(whole(changed)))
    assert changed["ex1.dbngain"] == found["ex1.dbngain"]
    assert changed["ex1.dbnvar_inv"] == found["ex1.dbnvar_inv"]


# The training loop


@pytest.fixture(scope="module")
def splits():
    """The embedded corpus."""
    return cases.splits_of("names")


def loop_of(text: str, task: str = "ex4.train") -> Judge:
    """Return a judge for the training loop of a source."""
    loop = callables.answer(notebooks.FILE, read(text), task)
    course = notebooks.COURSE
    (asked,) = (known for known in course.tasks if known.full_name == task)
    return Judge(notebooks.InFlat(course, loop), asked, Record(task))


def trained(change: tuple[str, str] = ("", ""), *more: str) -> str:
    """Return a notebook with a training loop, in which one text is replaced."""
    loop = notebooks.training_loop()
    assert change[0] in loop
    return source([*notebooks.before(), loop.replace(*change), *more])


@pytest.mark.parametrize(
    "text",
    [
        trained(),
        trained(("", ""), notebooks.SAMPLES),
        trained((", generator=g", "")),
        trained(("(batch_size,)", "(32,)")),
        trained(("p.data += -lr * grad", "p -= lr * grad")),
        source([*whole(), notebooks.training_loop()]),
        source([notebooks.training_loop(), "parameters = [C, W1, b1, W2, b2, bngain, bnbias]"]),
    ],
    ids=["plain", "samples after", "no generator", "32", "in place", "after all", "out of order"],
)
def test_a_training_loop_is_right(text, splits):
    """Its first gradients are autograd's, and its parameters take autograd's way."""
    checks.first_step(loop_of(text, "ex4.backward"), splits, "public")
    checks.trajectory(loop_of(text), splits, "public")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("dlogits.sum(0)", "dlogits.sum(0) if i == 0 else db2"), "as it does with autograd"),
        (("0.1 if i < 100000 else 0.01", "0.1"), "as it does with autograd"),
        (("lr = 0.1", "if i >= 100:\n            break\n        lr = 0.1"), "take its `break` out"),
        (("-lr * grad", "lr * grad"), "as it does with autograd"),
    ],
    ids=["stale gradient", "no decay", "break", "uphill"],
)
def test_a_training_loop_is_wrong(change, told, splits):
    """A loop that does not do what it should fails its trajectory, and says why."""
    with pytest.raises(CheckFailed, match=told):
        checks.trajectory(loop_of(trained(change)), splits, "public")


def test_a_while_loop_is_told_what_to_be():
    """A `while` cannot be bounded by a number of steps, and the message says what can."""
    text = trained(("for i in range(max_steps):", "while True:"))
    with pytest.raises(TypeError, match="write it as `for i in range"):
        loop_of(text)


def test_samples_alone_are_no_training():
    """A loop that draws names computes forward tensors, and trains nothing."""
    found = slices(source([*notebooks.before(), notebooks.SAMPLES]))
    assert found == {}


# What nobody should write


MANY = 3000


@pytest.mark.parametrize(
    "cell",
    [
        "print(1)",
        "dlogits = dlogits + 1",
        "dlogits = dnorm_logits\ndh_again = dlogits @ W2.T",
        "x = x + 1",
        "for i in range(3):\n    ix = i",
        "def dlogits_of(x):\n    return dlogits_of(x)",
        "from torch import *",
    ],
)
def test_thousands_of_cells_come_to_an_end(cell):
    """A notebook of thousands of cells is read, and the lines before them are found."""
    found = slices(source([*whole(), *[cell] * MANY]))
    assert {name: RIGHT[name] for name in EX1} == {name: found[name] for name in EX1}


def test_long_chains_of_names_come_to_an_end():
    """Thousands of names, each the same as the one before, are followed without recursion."""
    chain = [f"x{i + 1} = x{i}" for i in range(MANY)]
    last = f"x{MANY} += 1\ndb2 = x{MANY} * 0 + dlogits.sum(0)"
    reading = read(source([*notebooks.before(), "x0 = b2.clone()", *chain, last]))
    (answer,) = reading.answers()
    assert len(answer.statements) == MANY + 3


@pytest.mark.parametrize(
    "cell",
    [
        "dh = " + " + ".join(["1"] * 5000),
        "dh = " + " + ".join(["1"] * 900),
        "x = a" + ".b" * 900,
        "x = " + "lambda: " * 300 + "1",
        "if x:\n    pass\n" + "elif x:\n    dh = 1\n" * 900,
        "\n".join("  " * i + f"def f{i}():" for i in range(90)) + "\n" + "  " * 90 + "return 1",
    ],
    ids=["5000 terms", "900 terms", "attributes", "lambdas", "elif", "functions"],
)
def test_deep_nesting_is_read(cell):
    """Code that is nested deeper than anybody writes does not take other answers with it."""
    found = slices(source([*whole(), cell]))
    assert {name: RIGHT[name] for name in EX1} == {name: found[name] for name in EX1}


def test_the_reader_tells_of_the_functions_that_may_answer_a_task():
    """A notebook of thousands of functions is surveyed, and its answers are what is told."""
    words = Vocabulary.from_plain(notebooks.vocabulary())
    answers = survey({notebooks.FILE: source(whole())}, words)["definitions"]
    text = source([*whole(), *[f"def f{i}(x):\n    return f{i - 1}(x)" for i in range(1, MANY)]])
    told = survey({notebooks.FILE: text}, words)["definitions"]
    assert answers == told


def test_the_case_is_not_changed_by_judging():
    """An answer is judged on copies: what it does to them reaches no other task."""
    random, _ = notebooks.cases_of("ex1")
    before = random[0].tensors["logits"].clone()
    only("ex1.dh", "logits *= 0\ndh = dlogits @ W2.T")
    assert torch.equal(before, random[0].tensors["logits"])
