"""Attacks: no program outscores the honest answers it contains, and none costs anybody anything.

Each file in `submissions/` is an attack. Its docstring says what it tries, and then

    Class: what kind of attack this is
    Honest: the tasks that it answers as a student should, or none: they alone earn points
    Beats: plain pytest | nothing, because ...
    Known: a weakness of the grader that the attack shows, if it does

`Beats` is about `plain_pytest_grader.py`, which grades in the submission's own process.

What reading the code shows costs nothing, so the jail has to stop them by itself.
"""

# The expected value comes first in a comparison.
# ruff: noqa: SIM300

from __future__ import annotations

import ast
import contextlib
import dataclasses
import functools
import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from grader import examination, grade, matching, trial
from grader.course import catalogue
from grader.course.catalogue import Catalogue, Task
from grader.errors import UnreadableSubmission
from grader.examiner import Examiner, Inspection
from grader.givens import Givens
from grader.grade import Records, Runner
from grader.options import ROOT, Options
from grader.report import Report
from grader.sandbox.guest.jail import lockdown
from grader.sandbox.host import reader
from grader.sandbox.host.zygote import Zygote
from grader.submission import Submission

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")

HERE = Path(__file__).parent
PLAIN = HERE / "plain_pytest_grader.py"
SEED = "attacks"
IMPATIENT = 0.5
"""Deadline in seconds of a call that is not to be answered honestly."""

ENDS = {"b_resource_exception_chain", "b_training_generator", "b_training_longer"}
"""Attacks that come to their end by themselves where they have twice the time."""

SETTLING = 10.0
LOADING = 5.0
ATTEMPTS = 3
PLAIN_PROCESSES = 2
PLAIN_LIMIT = 600.0
FREE = {"logit_maxes", "b1", "hprebn"}
"""Zeros are close to these gradients of the lecture's batch, so passing them proves nothing."""

LAWS = tuple(trial.every_law())
NEIGHBOURS = {
    "dembcat": "def dembcat(W1, dhprebn):\n    return dhprebn @ W1.T\n",
    "dbngain": (
        "def dbngain(bnraw, dhpreact):\n    return (bnraw * dhpreact).sum(0, keepdim=True)\n"
    ),
    "dW2": "def dW2(h, dlogits):\n    return h.T @ dlogits\n",
    "dbnmeani": "def dbnmeani(dbndiff):\n    return -dbndiff.sum(0, keepdim=True)\n",
    "dW1": "def dW1(embcat, dhprebn):\n    return embcat.T @ dhprebn\n",
}


@dataclasses.dataclass(frozen=True)
class Attack:
    """One attack, as its docstring describes it."""

    path: Path
    about: str
    kind: str
    honest: frozenset[str]
    beats: str
    known: str

    @property
    def name(self) -> str:
        """The name of its file."""
        return self.path.stem

    @property
    def beats_plain(self) -> bool:
        """Whether it claims to succeed against the plain grader."""
        return self.beats == "plain pytest"


def read(path: Path) -> Attack:
    """Read the docstring of an attack. Raises ValueError if it does not say what it should."""
    text = path.read_text(encoding="utf-8")
    said = re.search(r'\A(?:\s*#.*\n|\s*\n)*r?"""(.*?)"""', text, re.S)
    lines = (
        dict(re.findall(r"^(Class|Honest|Beats|Known): (.*(?:\n {2,}.*)*)", said[1], re.M))
        if said
        else {}
    )
    if said is None or not {"Class", "Honest", "Beats"} <= lines.keys():
        raise ValueError(f"{path.name}: the docstring lacks Class, Honest or Beats")
    lines = {key: " ".join(value.split()) for key, value in lines.items()}
    honest = frozenset(re.findall(r"[\w.]+", lines["Honest"])) - {"none"}
    beats, known = lines["Beats"], lines.get("Known", "")
    return Attack(path, said[1].strip().split("\n")[0], lines["Class"], honest, beats, known)


ATTACKS = [read(path) for path in sorted((HERE / "submissions").glob("*.py"))]
EACH = [
    pytest.param(
        attack,
        id=attack.name,
        marks=[pytest.mark.xfail(strict=True, reason=attack.known)] if attack.known else [],
    )
    for attack in ATTACKS
]


# The laws


@functools.cache
def patient_and_impatient(honest: frozenset[str], impatient: float) -> Catalogue:
    """Return the course with short deadlines for what is not to be answered honestly."""
    course = catalogue.read()
    tasks = [
        task
        if task.full_name in honest
        else dataclasses.replace(task, deadline_s=min(task.deadline_s, impatient))
        for task in course.tasks
    ]
    return dataclasses.replace(course, tasks=tuple(tasks))


def with_neighbours(attack: Attack) -> tuple[Submission, frozenset[str]]:
    """Return an attack together with a file of two honest answers to tasks that it leaves alone."""
    source = attack.path.read_bytes()
    used = {name for name in NEIGHBOURS if re.search(rf"\b{name}\b".encode(), source)}
    own = [name for name in NEIGHBOURS if name not in used][:2]
    files = {
        attack.path.name: source,
        "neighbours.py": "\n\n".join(NEIGHBOURS[name] for name in own).encode(),
    }
    return Submission(attack.name, files, "0" * 64), frozenset(f"ex1.{name}" for name in own)


def due(
    course: Catalogue, inspection: Inspection | None, honest: frozenset[str]
) -> tuple[str, ...]:
    """Return the tasks to grade: those that the submission defines, and those it is to answer."""
    defined = matching.match(inspection.definitions, course) if inspection else {}

    def is_due(task: Task) -> bool:
        return task.full_name in honest or task.full_name in defined

    return tuple(task.full_name for task in course.tasks if is_due(task))


def without_durations(report: Report) -> str:
    """Return a report as text, without what differs from run to run."""

    def stripped(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: stripped(v) for k, v in value.items() if k != "duration_s"}
        return [stripped(item) for item in value] if isinstance(value, list) else value

    return json.dumps(stripped(json.loads(report.as_json())), indent=1)


BYSTANDER = Submission(
    "bystander",
    {"bystander.py": "\n\n".join(NEIGHBOURS[name] for name in ("dembcat", "dbngain")).encode()},
    "1" * 64,
)
"""An honest submission that has nothing to do with any attack."""


def without_pytest(
    exam: Examiner,
    seed: str,
    options: Options,
    tasks: tuple[Task, ...],
    on_task: Callable[[Task], None],
) -> Records:
    """Put all checks, public and hidden, to tasks, as `grade.by_pytest` does in a session."""
    court, records = trial.Court(exam, Givens(seed, options.corpus)), []
    for task in tasks:
        for visibility in ("public", "hidden"):
            laws = [law for law in LAWS if law.visibility == visibility]
            own = [law for law in laws if law.holds_for(task, flat=exam.is_flat(task))]
            records += [tried.as_dict() for tried in court.tried(task, own)]
        exam.close()
        on_task(task)
    return records


def bystander(zygote: Zygote, run: Runner = without_pytest) -> str:
    """Return the report of the bystander. Without a session of pytest, which costs more than its
    checks do, it is the same.
    """
    options = Options(seed=SEED, tasks=("ex1.dbngain",))
    return without_durations(grade.grade_one(BYSTANDER, zygote, options, run=run))


@pytest.fixture(scope="session")
def before(zygote: Zygote) -> str:
    """The bystander's report before any attack, as a session of pytest gives it."""
    return bystander(zygote, grade.by_pytest)


SKIPPED = {".git", ".venv", "__pycache__", "reports", "node_modules"}
TEMPORARY = {"/tmp", "/var/tmp", "/dev/shm", "/run/shm", tempfile.gettempdir()}


def files_of_the_project() -> dict[str, tuple[int, int]]:
    """Return every file of the project that a person may have written, with time and size."""
    found = {}
    folders = [str(ROOT)]
    while folders:
        for entry in os.scandir(folders.pop()):
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED and not entry.name.endswith("_cache"):
                    folders.append(entry.path)
            else:
                facts = entry.stat(follow_symlinks=False)
                found[entry.path] = (facts.st_mtime_ns, facts.st_size)
    return found


def changes(
    attack: Attack, before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]]
) -> list[str]:
    """Return the files that were changed or removed, and new ones that the attack may have made.

    A person may be at work on the project meanwhile, which is why a change has to happen again.
    """
    source = attack.path.read_text(encoding="utf-8", errors="replace")
    new = [path for path in after.keys() - before.keys() if Path(path).name in source]
    return sorted(new + [path for path in before if before[path] != after.get(path)])


def is_a_worker(uid: int) -> bool:
    """Tell whether a user is one that workers become, where the grader runs as root."""
    return lockdown.FIRST_UID <= uid < lockdown.FIRST_UID + lockdown.UIDS


def temporary_files(attack: Attack) -> set[str]:
    """Return what an attack may have put in a temporary folder.

    Others write there too: what counts is what belongs to a worker, or is named in the attack.
    """
    source = attack.path.read_text(encoding="utf-8", errors="replace")
    found = set()
    for folder in filter(os.path.isdir, TEMPORARY):
        for entry in os.scandir(folder):
            try:
                uid = entry.stat(follow_symlinks=False).st_uid
            except FileNotFoundError:
                continue
            if is_a_worker(uid) or (len(entry.name) > 5 and entry.name in source):
                found.add(entry.path)
    return found


def orphans() -> list[str]:
    """Return the processes of workers' users that no zygote has forked."""
    found = []
    for entry in os.scandir("/proc"):
        try:
            if not (entry.name.isdigit() and is_a_worker(entry.stat().st_uid)):
                continue
            status = Path(entry.path, "stat").read_text(encoding="utf-8", errors="replace")
            parent = int(status.rpartition(")")[2].split()[1])
            command = Path(f"/proc/{parent}/cmdline").read_bytes()
        except (OSError, IndexError):
            continue
        # A worker of another zygote on this machine is none of ours, but an orphan is nobody's.
        if b"zygote" not in command:
            found.append(f"{entry.name}: {status[:60]}")
    return found


def settled(zygote: Zygote) -> list[str]:
    """Return the processes that a worker has left, children of the zygote and orphans, once the
    zygote has ended the workers that it was told to end.
    """
    own = zygote._process.pid
    children = Path(f"/proc/{own}/task/{own}/children")
    end = time.monotonic() + SETTLING
    while (found := children.read_text().split() or orphans()) and time.monotonic() < end:
        time.sleep(0.01)
    return found


@pytest.mark.parametrize("attack", EACH)
def test_attack(
    attack: Attack, zygote: Zygote, canary: Any, before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It earns what it answers honestly and nothing else, and leaves nothing changed behind it."""
    hostile, neighbours = with_neighbours(attack)
    impatient = IMPATIENT * (1 + (attack.name in ENDS))
    course = patient_and_impatient(attack.honest | neighbours, impatient)
    monkeypatch.setattr(catalogue, "course", lambda: course)
    monkeypatch.setattr(reader, "READING", LOADING)
    temporary = temporary_files(attack)

    inspection, _ = examination.inspect(zygote, hostile)
    options = Options(seed=SEED, tasks=due(course, inspection, attack.honest | neighbours))
    report = None
    for _ in range(ATTEMPTS):
        files = files_of_the_project()
        try:
            report = grade.grade_one(
                hostile, zygote, options, inspection=inspection, run=without_pytest
            )
        except UnreadableSubmission:
            assert not attack.honest
        changed = changes(attack, files, files_of_the_project())
        if not changed:
            break
    monkeypatch.undo()

    if report is not None:
        earned = {task.full_name for task in report.tasks if task.points}
        told = [f"{task.full_name}: {task.status}: {task.message[:200]}" for task in report.tasks]
        statuses = {check.status for task in report.tasks for check in task.checks}
        assert (attack.honest | neighbours) == earned, told
        assert all(task.points in (0, task.max_points) for task in report.tasks), told
        assert not report.has_infrastructure_faults(), told
        assert "infrastructure" not in statuses, told
        assert len(report.as_json()) < 1_000_000
    assert [] == settled(zygote)
    assert 0 == canary.calls()
    assert [] == changed
    assert temporary == temporary_files(attack)
    assert before == bystander(zygote)


def test_a_session_of_pytest_is_as_before(zygote: Zygote, before: str) -> None:
    """After all attacks the grader's own pytest, which many aim at, reports what it did before."""
    assert before == bystander(zygote, grade.by_pytest)


def test_there_are_attacks_of_every_kind() -> None:
    """Each attack says what it is, what it answers honestly, and whom it beats."""
    course = catalogue.course()
    known = {task.full_name for task in course.tasks}
    count = Counter(attack.kind for attack in ATTACKS)

    assert len(ATTACKS) >= 60
    assert (
        min(
            count[kind]
            for kind in (
                "patched comparison",
                "skip and exit",
                "reading expected values",
                "hostile return values",
                "forged frames",
            )
        )
        >= 10
    )
    for attack in ATTACKS:
        assert attack.honest <= known, attack.name
        assert attack.about, attack.name
        assert re.fullmatch(r"plain pytest|nothing, because .+", attack.beats), attack.name


# Against a plain grader


class PlainGrader:
    """A warm process of the plain grader, which grades one submission after another."""

    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, str(PLAIN)],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )
        self._limit = threading.Timer(PLAIN_LIMIT, self._process.kill)
        self._limit.start()

    def __enter__(self) -> PlainGrader:
        return self

    def __exit__(self, *exc: object) -> None:
        self._limit.cancel()
        self._process.kill()
        self._process.communicate()

    def result(self, path: Path) -> dict[str, Any]:
        """Grade a submission; return what the plain grader tells of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(path, file=self._process.stdin, flush=True)
        for line in self._process.stdout:
            if line.startswith('{"submission"'):
                return dict(json.loads(line))
        raise AssertionError(f"the plain grader ended at {path.name}")


def plain_results(graders: Sequence[PlainGrader], paths: Sequence[Path]) -> dict[Path, Any]:
    """Grade submissions, each with the plain grader that is free first."""
    free: queue.SimpleQueue[PlainGrader] = queue.SimpleQueue()
    for grader in graders:
        free.put(grader)

    def result(path: Path) -> dict[str, Any]:
        grader = free.get()
        try:
            return grader.result(path)
        finally:
            free.put(grader)

    with ThreadPoolExecutor(len(graders)) as pool:
        return dict(zip(paths, pool.map(result, paths), strict=True))


def gain(attack: Attack, result: Mapping[str, Any]) -> str:
    """Say what an attack gained from the plain grader, or how it harmed it; "" if it did not."""
    honest = {name.removeprefix("ex1.d") for name in attack.honest if name.startswith("ex1.")}
    report = result["results"]
    if result["exit_code"] is None:
        return "it never ends"
    if result["left"]:
        return "it leaves files behind"
    if report is None:
        return "there is no report"
    passed = set(report["passed"])
    if passed - honest - FREE:
        return f"it passes {', '.join(sorted(passed - honest - FREE)[:5])}"
    if honest - passed:
        return "honest answers lose their points"
    wrong = {name for name in defined_in(attack) if name not in honest}
    return "wrong answers end with exit code 0" if wrong and result["exit_code"] == 0 else ""


def defined_in(attack: Attack) -> set[str]:
    """Return the gradients that an attack defines, by the tensors' names."""
    tree = ast.parse(attack.path.read_text(encoding="utf-8"))
    return {node.name[1:] for node in tree.body if isinstance(node, ast.FunctionDef)}


CLAIMING = [attack for attack in ATTACKS if attack.beats_plain]
FIRST = list({attack.kind: attack for attack in reversed(CLAIMING)}.values())
"""An attack of each class."""


@pytest.mark.parametrize(
    "claiming",
    [FIRST, pytest.param(CLAIMING, marks=pytest.mark.exhaustive)],
    ids=["one of a class", "all"],
)
def test_attacks_beat_a_plain_grader(
    claiming: Sequence[Attack], tmp_path: Path, canary: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every attack that claims so gains from a plain grader or harms it: it is a real attack."""
    networking = [attack for attack in claiming if "socket" in attack.path.read_text("utf-8")]
    right = ROOT / "solutions" / "ex1_backward.py"
    paths = [attack.path for attack in claiming if attack not in networking]
    with contextlib.ExitStack() as stack:
        graders = [stack.enter_context(PlainGrader(tmp_path)) for _ in range(PLAIN_PROCESSES)]
        results = plain_results(graders, [right, *paths])
        gains = {
            attack.name: gain(attack, results[attack.path])
            for attack in claiming
            if attack.path in results
        }
        for attack in networking:
            canary.calls()
            graders[0].result(attack.path)
            gains[attack.name] = "it reaches the network" if canary.calls() else ""

    assert 26 == len(results[right]["results"]["passed"])
    assert 0 == results[right]["exit_code"]
    with capsys.disabled():
        print(table(gains))
    assert [] == [attack.name for attack in claiming if not gains[attack.name]]


def table(gains: Mapping[str, str]) -> str:
    """Return how many attacks there are of each class, and how many beat the plain grader."""
    lines = ["", "attacks  beat plain pytest  class"]
    for kind, count in sorted(Counter(attack.kind for attack in ATTACKS).items()):
        beating = sum(bool(gains.get(a.name)) for a in ATTACKS if a.kind == kind)
        lines.append(f"{count:7}  {beating:17}  {kind}")
    beating = sum(map(bool, gains.values()))
    return "\n".join([*lines, f"{len(ATTACKS):7}  {beating:17}  all"])
