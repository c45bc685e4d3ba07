"""A plain grader, as people write them: submission, references and tests share a process.

It stands for what this project does differently, and nothing of the project uses it to grade.

    python plain_pytest_grader.py SUBMISSION

imports the submission, compares its gradients of the lecture's network with those of autograd, and
writes the names of the tests that passed and failed to `results.json`. The exit code is pytest's.

    python plain_pytest_grader.py

does the same for each submission that a line of standard input names, in a child and a folder of
its own, and prints a line of JSON for each about what is left when it is over.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib.util
import inspect
import json
import os
import resource
import select
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

NAMES = (
    "logprobs probs counts_sum_inv counts_sum counts norm_logits logit_maxes logits h W2 b2 "
    "hpreact bngain bnbias bnraw bnvar_inv bnvar bndiff2 bndiff bnmeani hprebn embcat W1 b1 emb C"
).split()
SUBMISSION = "PLAIN_GRADER_SUBMISSION"
RESULTS = "results.json"
LIMIT = 4.0
PROCESSOR_LIMIT = 2.0
"""Seconds of processor time: what is honest needs a tenth of a second, however loaded the machine
is, and a loop without an end need not turn until the other limit.
"""

LOOK = 0.05
"""Seconds between two looks at the clock of a child that has not ended."""

MEMORY = 4 << 30


@torch.enable_grad()
def forward() -> dict[str, Tensor]:
    """Return every tensor of the lecture's network by name, after `loss.backward()`."""
    g = torch.Generator().manual_seed(2147483647)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=g)

    t: dict[str, Tensor] = {
        "C": normal(27, 10),
        "W1": normal(30, 64) * (5 / 3) / 30**0.5,
        "b1": normal(64) * 0.1,
        "W2": normal(64, 27) * 0.1,
        "b2": normal(27) * 0.1,
        "bngain": normal(1, 64) * 0.1 + 1.0,
        "bnbias": normal(1, 64) * 0.1,
    }
    for parameter in t.values():
        parameter.requires_grad_()
    t["Xb"] = torch.randint(0, 27, (32, 3), generator=g)
    t["Yb"] = torch.randint(0, 27, (32,), generator=g)
    t["emb"] = t["C"][t["Xb"]]
    t["embcat"] = t["emb"].view(32, -1)
    t["hprebn"] = t["embcat"] @ t["W1"] + t["b1"]
    t["bnmeani"] = t["hprebn"].mean(0, keepdim=True)
    t["bndiff"] = t["hprebn"] - t["bnmeani"]
    t["bndiff2"] = t["bndiff"] ** 2
    t["bnvar"] = t["bndiff2"].sum(0, keepdim=True) / 31
    t["bnvar_inv"] = (t["bnvar"] + 1e-5) ** -0.5
    t["bnraw"] = t["bndiff"] * t["bnvar_inv"]
    t["hpreact"] = t["bngain"] * t["bnraw"] + t["bnbias"]
    t["h"] = t["hpreact"].tanh()
    t["logits"] = t["h"] @ t["W2"] + t["b2"]
    t["logit_maxes"] = t["logits"].max(1, keepdim=True).values
    t["norm_logits"] = t["logits"] - t["logit_maxes"]
    t["counts"] = t["norm_logits"].exp()
    t["counts_sum"] = t["counts"].sum(1, keepdim=True)
    t["counts_sum_inv"] = t["counts_sum"] ** -1
    t["probs"] = t["counts"] * t["counts_sum_inv"]
    t["logprobs"] = t["probs"].log()
    for name in NAMES:
        t[name].retain_grad()
    loss = -t["logprobs"][range(32), t["Yb"]].mean()
    loss.backward()
    return t


@pytest.fixture(scope="session")
def student() -> ModuleType:
    """The submission, imported."""
    spec = importlib.util.spec_from_file_location("student", os.environ[SUBMISSION])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tensors() -> dict[str, Tensor]:
    """All tensors, each with its gradient."""
    return forward()


@pytest.mark.parametrize("name", NAMES)
def test_gradient(name: str, student: ModuleType, tensors: dict[str, Tensor]) -> None:
    """The submission's gradient is autograd's, exactly or approximately."""
    function = getattr(student, f"d{name}", None)
    if function is None:
        pytest.skip("not written yet")
    expected = tensors[name].grad
    assert expected is not None
    gradients = {f"d{other}": tensors[other].grad for other in NAMES}
    inputs: dict[str, Any] = {**tensors, **gradients}
    answer = function(**{asked: inputs[asked] for asked in inspect.signature(function).parameters})
    if not torch.all(answer == expected).item():
        assert torch.allclose(answer, expected)


@pytest.fixture(autouse=True)
def without_recording():
    """Gradients are written by hand, so nothing is recorded for autograd."""
    with torch.no_grad():
        yield


class Results:
    """Collects the outcome of each test and writes them all to a file at the end."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.failed: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the name of a test that has run."""
        name = report.nodeid.rpartition("[")[2].rstrip("]")
        if report.failed:
            self.failed.append(name)
        elif report.when == "call" and report.passed:
            self.passed.append(name)

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write the file that the score is read from."""
        told = {"passed": self.passed, "failed": self.failed, "exit_code": int(exitstatus)}
        Path(RESULTS).write_text(json.dumps(told), encoding="utf-8")


def run_pytest(*more: str, plugins: list[Any] | None = None) -> int:
    """Run pytest on this file; return its exit code."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    arguments = [__file__, "-q", "-c/dev/null", "--noconftest", "--import-mode=importlib", *more]
    arguments += ["-pno:cacheprovider", "-pno:faulthandler", f"--rootdir={Path(__file__).parent}"]
    return int(pytest.main(arguments, plugins=plugins))


def grade(submission: str) -> int:
    """Grade one submission in this process; return pytest's exit code."""
    os.environ[SUBMISSION] = submission
    return run_pytest(plugins=[Results()])


# Many submissions from one warm process


def leave(run: Callable[[], int]) -> None:
    """End this process with what `run` returns, after all that a Python program does at its end."""
    code = 1
    try:
        code = run()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    finally:
        with contextlib.suppress(BaseException):
            threading._shutdown()  # type: ignore[attr-defined]
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()
        os._exit(code & 0xFF)


def warm_up() -> None:
    """Import once, for all children, what pytest and torch import when they are first used."""
    forward()
    x = torch.zeros(1, requires_grad=True)
    torch.autograd.grad(x.sum(), x)
    torch.func.vjp(torch.sum, x)
    torch.optim.SGD([x], lr=1.0)
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        run_pytest("--collect-only")
    # Each session of pytest collects garbage several times, which took longer than the tests.
    gc.collect()
    gc.freeze()


def processor_time(pid: int) -> float:
    """Return how many seconds all threads of a process have run."""
    with contextlib.suppress(OSError):
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        user, system = told.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return 0.0


def end_of(pid: int) -> int | None:
    """Wait for a child; return its wait status, or None if it is still there at its limit."""
    end = time.monotonic() + LIMIT
    watched = select.poll()
    descriptor = os.pidfd_open(pid)
    try:
        watched.register(descriptor, select.POLLIN)
        while not watched.poll(1000 * LOOK):
            if time.monotonic() >= end or processor_time(pid) >= PROCESSOR_LIMIT:
                return None
    finally:
        os.close(descriptor)
    return os.waitpid(pid, 0)[1]


def graded_in_a_child(submission: str, folder: str) -> dict[str, Any]:
    """Grade a submission in a child whose current folder is `folder`; tell what came of it."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.chdir(folder)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # what is still to be graded stays there
        output = os.open("output", os.O_WRONLY | os.O_CREAT)
        for descriptor in (1, 2):
            os.dup2(output, descriptor)
        atexit._clear()  # what the warm process has to do at its end is none of the child's
        leave(lambda: grade(submission))
    status = end_of(pid)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    if status is None:
        os.waitpid(pid, 0)
    results: Any = None
    with contextlib.suppress(OSError, ValueError):
        results = json.loads(Path(folder, RESULTS).read_text(encoding="utf-8"))
    return {
        "submission": submission,
        "exit_code": None if status is None else os.waitstatus_to_exitcode(status),
        "results": results if isinstance(results, dict) else None,
        "left": sorted({path.name for path in Path(folder).iterdir()} - {RESULTS, "output"}),
    }


def main(submissions: list[str]) -> int:
    """Grade one submission here, or in children those that standard input names."""
    torch.set_num_threads(1)
    if submissions:
        return grade(*submissions)
    warm_up()
    while submission := sys.stdin.readline().rstrip("\n"):
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(graded_in_a_child(submission, folder)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main([os.path.abspath(name) for name in sys.argv[1:]]))
