"""Every small change to a solution is caught by its checks, or it is proved to change nothing.

Mutants are made by rules, so they are wrong in ways that nobody had in mind when the checks were
written. What passes is either right in another spelling, and stands in `equivalent_mutants.toml`
with a proof, or it shows a hole. Tables at the end tell what was caught, and by which checks.
"""

from __future__ import annotations

import ast
import os
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from grader import mutants
from grader.course import catalogue, forward, misconceptions
from grader.mutants import Fate, Mutant

LECTURE = "public gradient: lecture"
ENDLESS = "break -> pass"
"""The change that makes a loop without an end."""

EQUIVALENT: dict[str, dict[str, str]] = tomllib.loads(
    Path(__file__).with_name("equivalent_mutants.toml").read_text(encoding="utf-8")
)
MISSED_BY_THE_LECTURE = 15
"""The lecture's own check misses at least so many mutants; that is what the others are for."""

EXAMPLES = {
    "swap-operator": ("a + b", "a - b"),
    "swap-comparison": ("a > b", "a >= b"),
    "drop-term": ("a - b", "-b"),
    "drop-factor": ("a @ b", "b"),
    "negate": ("-a", "a"),
    "change-axis": ("a.sum(0)", "a.sum(1)"),
    "change-constant": ("a ** 2", "a ** 3"),
    "change-count": ("a / b.shape[0]", "a / (b.shape[0] - 1)"),
    "write-out": ("a / b.shape[0]", "a / 32"),
    "drop-keyword": ("a.sum(0, keepdim=True)", "a.sum(0)"),
    "swap-keyword": ("torch.clamp(a, max=b)", "torch.clamp(a, min=b)"),
    "drop-call": ("a.clone()", "a"),
    "swap-call": ("a.sum()", "a.mean()"),
    "swap-arguments": ("a[a, b]", "a[b, a]"),
    "other-name": ("a.exp()", "b.exp()"),
    "return-input": ("a + 1", "b"),
}
"""What an operator turns an expression into, among other things."""


SAMPLED = 20
"""Of so many mutants one is in the sample, with all that the list holds."""


def sample() -> list[Mutant]:
    """Return a part of the mutants."""
    return [
        mutant
        for place, mutant in enumerate(mutants.every())
        if place % SAMPLED == 0 or mutant.id in EQUIVALENT or mutant.change == ENDLESS
    ]


@pytest.fixture(scope="module")
def judged(request: pytest.FixtureRequest) -> Iterator[list[Fate]]:
    """Put every mutant through all checks of its task, and print the tables at the end. What a
    process of pytest-xdist prints is seen by nobody.
    """
    found = mutants.fates(mutants.every())
    yield found
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    capture = request.config.pluginmanager.get_plugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print("", *score(found), "", *diagnoses(found), sep="\n")
        print("\nmutants, by check", *weights(found), *enough(found), sep="\n")
        bank = mutants.fates(misconceptions.bank())
        print("\nmisconceptions of the bank, by check", *weights(bank), sep="\n")


def survivors(judged: Iterable[Fate]) -> dict[str, str]:
    """Return the changes that no check catches, by the mutant's id."""
    return {fate.mutant.id: fate.mutant.change for fate in judged if not fate.caught}


def of_gradients(judged: Iterable[Fate]) -> list[Fate]:
    """Return the fates of mutants whose task is a gradient."""
    return [fate for fate in judged if forward.tensor_of(fate.mutant.task)]


def of_public_alone(judged: Iterable[Fate]) -> list[Fate]:
    """Return the fates of mutants that are caught by public checks and by no hidden one."""
    return [fate for fate in judged if fate.caught and not found_by("hidden", fate)]


def found_by(checks: str, fate: Fate) -> bool:
    """Tell whether a check whose name begins like this catches a mutant."""
    return any(law.startswith(checks) for law in fate.failed)


# What is printed


def score(judged: Sequence[Fate]) -> Iterator[str]:
    """Yield the kill score of each task and of all."""
    made = Counter(fate.mutant.task.full_name for fate in judged)
    caught = Counter(fate.mutant.task.full_name for fate in judged if fate.caught)
    right = Counter(fate.mutant.task.full_name for fate in judged if fate.mutant.id in EQUIVALENT)
    yield f"{'task':<24}{'mutants':>8}{'caught':>8}{'right':>8}{'score':>8}"
    everything = ("all", made.total(), caught.total(), right.total())
    for name, total, dead, same in [*((n, made[n], caught[n], right[n]) for n in made), everything]:
        share = dead / (total - same)
        yield f"{name:<24}{total:>8}{dead:>8}{same:>8}{share:>8.1%}"


def diagnoses(judged: Sequence[Fate]) -> Iterator[str]:
    """Yield how many wrong gradients are told what is wrong with them."""
    kinds: Counter[str] = Counter()
    for fate in of_gradients(judged):
        if fate.caught:
            kinds[kind_of_diagnosis(fate)] += 1
    raised = kinds.pop("raised", 0)
    yield f"gradients caught: {kinds.total() + raised}, of which {raised} raise an error"
    for kind, count in kinds.most_common():
        yield f"  {kind:<20}{count:>6}{count / kinds.total():>8.1%} of those that gave numbers"


def kind_of_diagnosis(fate: Fate) -> str:
    """Return what the first failed check says about a mutant: where its diagnosis comes from."""
    if fate.first.status == "error":
        return "raised"
    if fate.first.status == "shape":
        return "shape alone"
    if fate.first.diagnosis is None:
        return "no diagnosis"
    kind = fate.first.diagnosis["id"].partition("/")[0]
    return "bank" if "." in kind else kind


def weights(judged: Sequence[Fate]) -> Iterator[str]:
    """Yield how many mutants each check and case catches, and how many it alone."""
    caught: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    hidden_alone: Counter[str] = Counter()
    for fate in judged:
        caught.update(list(fate.failed))
        hidden = [law for law in fate.failed if law.startswith("hidden")]
        alone.update(list(fate.failed) if len(fate.failed) == 1 else ())
        hidden_alone.update(hidden if len(hidden) == 1 else ())
    yield f"{'check':<60}{'caught':>8}{'only it':>9}{'only it of the hidden':>23}"
    for law in sorted(caught, reverse=True):
        among = str(hidden_alone[law]) if law.startswith("hidden") else ""
        yield f"{law:<60}{caught[law]:>8}{alone[law]:>9}{among:>23}"


def enough(judged: Sequence[Fate]) -> Iterator[str]:
    """Yield what the public checks miss, and few checks that miss nothing."""
    for kind, missed in (("lecture's check", LECTURE), ("public checks", "public")):
        count = sum(fate.caught and not found_by(missed, fate) for fate in of_gradients(judged))
        yield f"gradients that the {kind} would miss: {count}"
    few = cover([set(fate.failed) for fate in of_gradients(judged) if fate.caught])
    yield f"These {len(few)} would catch every mutant of a gradient:"
    for law, more in few.items():
        yield f"  {law:<58}{more:>8} more"


def cover(sets: list[set[str]]) -> Mapping[str, int]:
    """Return checks that catch everything together, the one that adds the most first."""
    enough: dict[str, int] = {}
    while sets:
        counted = Counter(law for laws in sets for law in laws)
        law = max(sorted(counted), key=lambda name: counted[name])
        enough[law] = counted[law]
        sets = [laws for laws in sets if law not in laws]
    return enough


# Stories


def test_a_sample_is_caught_or_proved_right() -> None:
    """One mutant of twenty, and all that are proved right: the list holds those that pass. A loop
    without an end is stopped after so many turns, and that is an error.
    """
    found = mutants.fates(sample())
    assert survivors(found) == {name: entry["change"] for name, entry in EQUIVALENT.items()}
    assert [fate.mutant.id for fate in of_public_alone(found)] == []
    (endless,) = (fate for fate in found if fate.mutant.change == ENDLESS)
    assert endless.first.status == "error"
    assert "StopIteration" in endless.first.message


@pytest.mark.exhaustive
def test_every_mutant_is_caught_or_proved_right(judged: list[Fate]) -> None:
    """No mutant passes all checks of its task but those that are proved to change nothing; and the
    list holds nothing that is caught, that has changed, or that no operator makes.
    """
    assert survivors(judged) == {name: entry["change"] for name, entry in EQUIVALENT.items()}
    assert len(judged) > 1500


@pytest.mark.parametrize("name", EQUIVALENT)
def test_an_entry_of_the_list_has_a_proof(name: str) -> None:
    """What is listed as right says why, in a sentence."""
    reason = EQUIVALENT[name]["reason"]
    assert reason.endswith(".")
    assert len(reason.split()) >= 4


@pytest.mark.exhaustive
def test_the_check_of_the_lecture_alone_is_weak(judged: list[Fate]) -> None:
    """On the true chain gradients vanish, sizes are always the same, and nothing is extreme: many
    wrong gradients give the lecture's numbers, and only other cases tell them from right ones.
    """
    missed = [f for f in of_gradients(judged) if f.caught and not found_by(LECTURE, f)]
    assert len(missed) >= MISSED_BY_THE_LECTURE


@pytest.mark.exhaustive
def test_hidden_checks_need_no_public_ones(judged: list[Fate]) -> None:
    """Whatever is caught at all is caught by hidden checks: knowing the public ones is no help."""
    assert [fate.mutant.id for fate in of_public_alone(judged)] == []


def test_every_task_has_mutants() -> None:
    """Each task but training is changed in several ways."""
    counted = Counter(mutant.task.full_name for mutant in mutants.every())
    names = {task.full_name for task in catalogue.course().tasks} - mutants.SKIPPED
    assert set(counted) == names
    assert min(counted.values()) >= 5


def test_mutants_are_all_different() -> None:
    """No two mutants bear the same name or hold the same code, and none is the solution itself."""
    made = mutants.every()
    assert len({mutant.id for mutant in made}) == len(made)
    assert len({(mutant.task.full_name, mutant.source) for mutant in made}) == len(made)
    assert all(before != after for before, _, after in (m.change.partition(" -> ") for m in made))


@pytest.mark.parametrize("operator", EXAMPLES)
def test_an_operator_by_example(operator: str) -> None:
    """Each operator makes the mistake that it is named after."""
    before, after = EXAMPLES[operator]
    task = catalogue.course().resolve("dprobs")
    module = ast.parse(f"def dprobs(a, b):\n    return {before}")
    function = module.body[0]
    assert isinstance(function, ast.FunctionDef)
    changes = [
        mutant.change
        for mutant in mutants.of_function(module, function, task)
        if mutant.operator == operator
    ]
    assert f"return {before} -> return {after}" in changes


def test_operators_on_statements() -> None:
    """A statement is dropped, and an assignment forgets what was there before."""
    changes = {(mutant.operator, mutant.change) for mutant in mutants.every()}
    assert ("drop-statement", "dlogits /= n -> pass") in changes
    assert ("overwrite", "dlogits /= n -> dlogits = n") in changes
