"""The sandbox: whatever a submission does costs its own task, and never more than that."""

# The expected value comes first in a comparison.
# ruff: noqa: SIM300

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
import torch

from grader import cases, examination, reference, verdict
from grader.course import catalogue
from grader.errors import SandboxError
from grader.examination import Examination, Outcome
from grader.options import ROOT
from grader.question import Answer, Wanted
from grader.sandbox.host import loading
from grader.sandbox.host.occupancy import Allowance
from grader.sandbox.host.zygote import Zygote
from grader.submission import Submission

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")

COURSE = catalogue.course()
CASE = cases.draw("ex1", "sandbox", "stories")
GENEROUS = 120.0
BRIEF = 0.3
"""Deadline in seconds of what never answers."""
CUT = "\n[output cut here: 64 KiB are kept]\n"
FILE = "ex1_backward.py"

# A task that is always answered, in the same file as what a story is about.
BYSTANDER = """
import torch


def dlogprobs(logprobs, Yb):
    n = logprobs.shape[0]
    d = torch.zeros_like(logprobs)
    d[range(n), Yb] = -1.0 / n
    return d
"""


def examined(zygote: Zygote, source: str, file: str = FILE, **others: str) -> Examination:
    """Return the examination of a submission that consists of these sources."""
    files = {file: textwrap.dedent(source).encode()}
    files |= {f"{name}.py": textwrap.dedent(text).encode() for name, text in others.items()}
    submission = Submission("story", files, "digest")
    inspection, told = examination.inspect(zygote, submission)
    assert inspection is not None, told
    return Examination(zygote, submission, COURSE, inspection)


def ask(
    exam: Examination, name: str = "ex1.dprobs", seconds: float = GENEROUS, padded: bool = False
) -> Answer:
    """Ask for a gradient on the case of these stories."""
    task = COURSE.resolve(name)
    return exam.ask(task, CASE.inputs(task), seconds=seconds, padded=padded)


def judged(answer: Answer, name: str) -> verdict.Kind:
    """Return how an answer stands to the reference of its task."""
    assert Outcome.OK == answer.outcome, answer.message
    expected = reference.gradient(COURSE.resolve(name), CASE)
    return verdict.compare(answer.tensors[0], expected, COURSE.bound).kind


def story(zygote: Zygote, body: str, seconds: float = GENEROUS) -> tuple[Answer, str]:
    """Let dprobs have this body, ask for it, and see that another task is still answered.

    Returns the answer and what the worker printed.
    """
    lines = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    source = f"{BYSTANDER}\n\ndef dprobs(probs, dlogprobs):\n{lines}\n"
    exam = examined(zygote, source)
    try:
        answer = ask(exam, seconds=seconds)
        again = ask(exam, seconds=seconds)
        if answer.outcome in (Outcome.TIMEOUT, Outcome.CRASHED):
            assert (answer.outcome, answer.message) == (again.outcome, again.message)
        if answer.outcome is Outcome.MALFORMED:
            assert again.outcome is not Outcome.OK
        assert judged(ask(exam, "ex1.dlogprobs"), "ex1.dlogprobs").right
    finally:
        exam.end()
    return answer, exam.outputs["ex1.dprobs"]


def settle(zygote: Zygote) -> None:
    """Wait until the zygote has done all that it was told, which it does in order."""
    worker = zygote.fork()
    worker.child.reap()
    worker.ends.close()


def children(pid: int) -> list[int]:
    """Return the children of a process, the dead ones that nobody waited for included."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (OSError, UnicodeDecodeError):
            continue
        if entry.name.isdigit() and int(fields[1]) == pid:
            found.append(int(entry.name))
    return found


def descriptors(pid: int | str) -> dict[str, str]:
    """Return the open descriptors of a process and what they stand for."""
    found = {}
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found[entry.name] = os.readlink(entry)
        except FileNotFoundError:  # the descriptor with which this folder is being read
            continue
    return found


def leaked(before: dict[str, str], after: dict[str, str]) -> dict[str, str]:
    """Return the descriptors that are open now and were not before."""
    return {number: what for number, what in after.items() if before.get(number) != what}


def test_a_right_answer_is_right(zygote: Zygote) -> None:
    """A function that is right is answered with its numbers, and nothing was changed or shared."""
    answer, output = story(zygote, "return dlogprobs / probs")

    assert judged(answer, "ex1.dprobs").right
    assert ([], [], "") == (answer.changed, answer.aliased, output)
    assert answer.seconds > 0


def test_a_stub_is_not_implemented(zygote: Zygote) -> None:
    """A function that is still to be written says so, and is not an error."""
    answer, _ = story(zygote, "raise NotImplementedError")

    assert Outcome.NOT_IMPLEMENTED == answer.outcome


def test_a_task_without_a_function_is_not_implemented(zygote: Zygote) -> None:
    """A task that has no function is answered without a worker."""
    answer = ask(examined(zygote, BYSTANDER))

    expected = Answer(Outcome.NOT_IMPLEMENTED, "there is no function dprobs")
    assert expected == answer


def test_an_infinite_loop_meets_its_limit(zygote: Zygote) -> None:
    """A function that never ends is ended, and the message names the limit."""
    answer, _ = story(zygote, "while True: pass", seconds=BRIEF)

    expected = (Outcome.TIMEOUT, "no answer within the limit of 0.3 s of processor time")
    assert expected == (answer.outcome, answer.message)


def test_a_loop_that_catches_everything_meets_its_limit(zygote: Zygote) -> None:
    """A function that ignores every signal and exception it can is ended all the same."""
    body = """
        import signal
        for number in range(1, 32):
            try:
                signal.signal(number, signal.SIG_IGN)
            except Exception:
                pass
        while True:
            try:
                while True: pass
            except BaseException:
                pass
    """
    answer, _ = story(zygote, body, seconds=BRIEF)

    assert Outcome.TIMEOUT == answer.outcome


def test_a_stopped_process_meets_its_limit(zygote: Zygote) -> None:
    """A process that stops itself is ended, not waited for."""
    answer, _ = story(
        zygote, "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", seconds=BRIEF
    )

    assert answer.outcome in (Outcome.TIMEOUT, Outcome.CRASHED, Outcome.ERROR)


def test_a_process_that_ends_itself_has_crashed(zygote: Zygote) -> None:
    """os._exit ends the process, and the message names the exit code."""
    answer, _ = story(zygote, "import os\nos._exit(7)")

    expected = (Outcome.CRASHED, "the process ended by itself, with exit code 7")
    assert expected == (answer.outcome, answer.message)


@pytest.mark.parametrize("how", ["sys.exit(0)", "raise SystemExit(0)", "raise KeyboardInterrupt"])
def test_an_exception_that_ends_programs_is_an_error(zygote: Zygote, how: str) -> None:
    """sys.exit, and what Ctrl-C would raise, are errors of the function like any other."""
    answer, _ = story(zygote, f"import sys\n{how}")

    assert Outcome.ERROR == answer.outcome
    assert answer.message.startswith(("SystemExit", "KeyboardInterrupt"))


def test_a_segmentation_fault_has_crashed(zygote: Zygote) -> None:
    """A fault of the memory ends the process, and the message names the signal."""
    answer, _ = story(zygote, "import ctypes\nctypes.string_at(8)")

    expected = (Outcome.CRASHED, "the process was ended by SIGSEGV")
    assert expected == (answer.outcome, answer.message)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGRTMIN + 3, 63])
def test_any_signal_may_end_a_process(zygote: Zygote, number: int) -> None:
    """Whatever signal a process ends itself by, real-time ones included, it has crashed."""
    answer, _ = story(zygote, f"import os\nos.kill(os.getpid(), {int(number)})")

    assert answer.outcome in (Outcome.CRASHED, Outcome.ERROR)


@pytest.mark.parametrize("what", ["bytearray(1 << 40)", "[0] * (1 << 37)", "raise MemoryError"])
def test_too_much_memory_is_named(zygote: Zygote, what: str) -> None:
    """A function that asks for more memory than there is gets an outcome of its own."""
    answer, _ = story(zygote, what)

    assert Outcome.MEMORY == answer.outcome
    assert answer.message.startswith("MemoryError")


def test_a_huge_tensor_does_not_fit(zygote: Zygote) -> None:
    """A tensor that is larger than the memory is refused by torch in the worker."""
    answer, _ = story(zygote, "import torch\nreturn torch.ones(1 << 36)")

    assert answer.outcome in (Outcome.ERROR, Outcome.MEMORY)


def test_memory_bit_by_bit_comes_to_an_end(zygote: Zygote) -> None:
    """A function that collects memory piece by piece meets the limit of its process."""
    answer, _ = story(zygote, "kept = []\nwhile True: kept.append(bytearray(1 << 28))")

    assert answer.outcome in (Outcome.MEMORY, Outcome.CRASHED)


def test_deep_recursion_is_an_error(zygote: Zygote) -> None:
    """Recursion without an end is an error that names itself and its line."""
    answer, _ = story(zygote, "def f(): return f()\nreturn f()")

    assert Outcome.ERROR == answer.outcome
    assert answer.message.startswith("RecursionError")
    assert answer.line is not None


def test_recursion_beyond_the_stack_costs_its_own_task(zygote: Zygote) -> None:
    """Recursion that overflows the stack of the machine may crash the process, and no more."""
    body = """
        import sys
        sys.setrecursionlimit(10**9)
        nested = []
        for _ in range(10**6):
            nested = [nested]
        repr(nested)
    """
    answer, _ = story(zygote, body)

    assert answer.outcome in (Outcome.CRASHED, Outcome.ERROR, Outcome.MEMORY)


def test_much_output_is_cut(zygote: Zygote) -> None:
    """Of 5 MB of prints the first 64 KiB are kept, and a mark says so."""
    body = "for _ in range(5000): print('x' * 999)\nreturn dlogprobs / probs"
    answer, output = story(zygote, body)

    assert judged(answer, "ex1.dprobs").right
    assert (("x" * 999 + "\n") * 66)[: 64 * 1024] + CUT == output


def test_output_that_fits_is_kept_whole(zygote: Zygote) -> None:
    """What a function prints, to either stream, is kept; stray bytes are replaced."""
    body = """
        import os, sys
        print("caf\\u00e9")
        sys.stdout.flush()
        os.write(2, b"\\xff\\n")
        print("to the other", file=sys.stderr)
    """
    answer, output = story(zygote, body)

    assert Outcome.ERROR == answer.outcome
    assert "caf\u00e9\n\ufffd\nto the other\n" * 2 == output


def test_prints_without_end_meet_their_limit(zygote: Zygote) -> None:
    """A process that prints faster than anyone reads is ended at its limit."""
    exam = examined(
        zygote, "import os\ndef dprobs(probs):\n    while True: os.write(1, b'x' * 9999)"
    )
    answers: list[Answer] = []
    # Daemonic: a grader that never stops reading fails this story in place of stopping all others.
    asking = threading.Thread(target=lambda: answers.append(ask(exam, seconds=BRIEF)), daemon=True)
    asking.start()
    asking.join(GENEROUS)
    stuck = asking.is_alive()
    if stuck and exam._workers.current is not None:
        os.kill(exam._workers.current.child.pid, signal.SIGKILL)
        asking.join(GENEROUS)
    exam.end()

    assert not stuck, "the grader kept reading beyond the limit"
    assert [Outcome.TIMEOUT] == [answer.outcome for answer in answers]


HARD_TO_DESCRIBE = {
    "raises": "def __str__(self): raise ValueError",
    "exits": "def __str__(self): raise SystemExit(3)",
    "recurses": "def __str__(self): return str(self)",
    "is no text": "def __str__(self): return 3",
    "is half a character": "def __str__(self): return 'a\\ud800b'",
    "is very long": "def __str__(self): return 'x' * 10_000_000",
}


@pytest.mark.parametrize("how", HARD_TO_DESCRIBE.values(), ids=HARD_TO_DESCRIBE.keys())
def test_an_exception_that_is_hard_to_describe_is_an_error(zygote: Zygote, how: str) -> None:
    """Whatever the text of an exception does, it is an error with a text that can be kept."""
    answer, _ = story(zygote, f"class Odd(Exception):\n    {how}\nraise Odd")

    assert Outcome.ERROR == answer.outcome
    assert answer.message.startswith("Odd: ")
    assert len(answer.message) < 10_000
    assert (answer.message + answer.traceback).encode()


def test_an_exception_whose_text_loops_meets_its_limit(zygote: Zygote) -> None:
    """An exception that never finishes to describe itself is ended at the limit."""
    body = """
        class Endless(Exception):
            def __str__(self):
                while True: pass
        raise Endless
    """
    answer, _ = story(zygote, body, seconds=BRIEF)

    assert Outcome.TIMEOUT == answer.outcome


def test_an_error_names_its_line(zygote: Zygote) -> None:
    """An error in a helper is told with the student's own lines and none of the grader's."""
    source = (
        "def helper(x):\n    return x / 'a'\n\n\ndef dprobs(probs):\n    return helper(probs)\n"
    )
    exam = examined(zygote, source)
    answer = ask(exam)
    exam.end()

    assert (Outcome.ERROR, 2) == (answer.outcome, answer.line)
    assert answer.message.startswith("TypeError: ")
    assert f'File "{FILE}", line 6, in dprobs' in answer.traceback
    assert f'File "{FILE}", line 2, in helper' in answer.traceback
    assert "return x / 'a'" in answer.traceback
    assert "worker.py" not in answer.traceback


WRONG_KINDS = {
    "None": ("return None", "return a tensor; this is None (is a `return` missing?)"),
    "nothing": ("dlogprobs / probs", "return a tensor; this is None (is a `return` missing?)"),
    "a float": ("return 1.5", "return a tensor; this is a float"),
    "a list": ("return [dlogprobs / probs]", "return a tensor; this is a list of 1"),
    "a tuple": ("return probs, probs", "return a tensor; this is a tuple of 2"),
    "an array": (
        "class Array:\n    def __array__(self): return [1.0]\nreturn Array()",
        "return a tensor; this is a Array",
    ),
    "a subclass": (
        "import torch\nclass Mine(torch.Tensor): pass\nreturn probs.as_subclass(Mine)",
        "return a tensor; this is a Mine",
    ),
    "sparse": ("return probs.to_sparse()", "return a dense tensor of real numbers"),
    "complex": (
        "import torch\nreturn torch.complex(probs, probs)",
        "return a dense tensor of real numbers",
    ),
}


@pytest.mark.parametrize(("body", "told"), WRONG_KINDS.values(), ids=WRONG_KINDS.keys())
def test_an_answer_of_the_wrong_kind_is_told(zygote: Zygote, body: str, told: str) -> None:
    """What is no plain tensor is refused in words that say what it is."""
    answer, _ = story(zygote, body)

    assert (Outcome.ERROR, f"TypeError: {told}") == (answer.outcome, answer.message)


def test_an_object_that_pretends_to_be_a_tensor_is_told(zygote: Zygote) -> None:
    """An object that claims the class of a tensor is still none."""
    body = """
        import torch
        class Fake:
            __class__ = torch.Tensor
        return Fake()
    """
    answer, _ = story(zygote, body)

    assert answer.outcome in (Outcome.ERROR, Outcome.CRASHED)


@pytest.mark.parametrize(
    "body",
    [
        "import torch\nreturn torch.empty(32, 27, device='meta')",
        "import torch\nreturn probs.to(torch.float8_e5m2)",
        "import torch\nreturn torch.nested.nested_tensor([probs[0], probs[1, :3]])",
        "import torch\nreturn torch.quantize_per_tensor(probs, 0.1, 0, torch.qint8)",
    ],
    ids=["meta", "float8", "nested", "quantized"],
)
def test_an_exotic_tensor_is_no_answer(zygote: Zygote, body: str) -> None:
    """Tensors without memory, of tiny floats, ragged or quantized ones are not accepted."""
    answer, _ = story(zygote, body)

    assert answer.outcome in (Outcome.ERROR, Outcome.MALFORMED, Outcome.CRASHED)


def test_integers_are_an_answer_and_wrong(zygote: Zygote) -> None:
    """An integer tensor comes back as it is, for the verdict to name its dtype."""
    answer, _ = story(zygote, "return dlogprobs.long()")

    assert verdict.Kind.WRONG == judged(answer, "ex1.dprobs")
    assert torch.int64 == answer.tensors[0].dtype


@pytest.mark.parametrize(
    "made",
    ["d.requires_grad_()", "torch.nn.Parameter(d)", "d.T.contiguous().T", "d[:, ::1]", "-(-d)"],
)
def test_the_same_numbers_in_another_dress_are_right(zygote: Zygote, made: str) -> None:
    """Leaves, parameters and views of the right numbers are right."""
    answer, _ = story(zygote, f"import torch\nd = dlogprobs / probs\nreturn {made}")

    assert judged(answer, "ex1.dprobs").right


def test_a_broadcast_view_is_an_answer(zygote: Zygote) -> None:
    """An answer that repeats one number without storing it arrives as what it shows."""
    answer, _ = story(zygote, "return probs.sum().expand(32, 27)")

    assert (32, 27) == tuple(answer.tensors[0].shape)
    assert answer.tensors[0].is_contiguous()


@pytest.mark.parametrize(
    "made",
    [
        "torch.zeros(1).expand(1 << 30, 1 << 30)",
        "torch.zeros(1).expand(1 << 20, 1 << 20)",
        "torch.zeros(1 << 22)",
    ],
)
def test_a_huge_answer_is_told(zygote: Zygote, made: str) -> None:
    """An answer that is far too large is refused with its shape, stored or not."""
    answer, _ = story(zygote, f"import torch\nreturn {made}")

    assert Outcome.ERROR == answer.outcome
    assert "the answer is far too large: (" in answer.message


def test_a_wrong_shape_is_seen_and_not_only_refused(zygote: Zygote) -> None:
    """An answer somewhat too large is handed on, so that its shape can be shown."""
    answer, _ = story(zygote, "return probs[:, :, None].expand(32, 27, 64)")

    assert (Outcome.OK, (32, 27, 64)) == (answer.outcome, tuple(answer.tensors[0].shape))


def test_an_empty_answer_is_an_answer(zygote: Zygote) -> None:
    """A tensor without entries is an answer, of the wrong shape."""
    answer, _ = story(zygote, "return probs[:0]")

    assert (Outcome.OK, (0, 27)) == (answer.outcome, tuple(answer.tensors[0].shape))


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("how", ["{0}.close()", "{0} = None", "os.close({0}.fileno())"])
def test_a_closed_stream_costs_nothing_but_output(zygote: Zygote, stream: str, how: str) -> None:
    """A function may close its output; its numbers are still right."""
    done = how.format(f"sys.{stream}")
    answer, _ = story(zygote, f"import os, sys\nif sys.{stream}: {done}\nreturn dlogprobs / probs")

    assert judged(answer, "ex1.dprobs").right


def test_garbage_on_every_descriptor_is_no_answer(zygote: Zygote) -> None:
    """Noise on whatever descriptors there are makes the answer malformed or ends the process."""
    body = """
        import os
        for descriptor in range(3, 21):
            try:
                os.write(descriptor, b"\\xff" * 64)
            except OSError:
                pass
        return dlogprobs / probs
    """
    answer, _ = story(zygote, body, seconds=5)

    assert answer.outcome in (Outcome.MALFORMED, Outcome.CRASHED, Outcome.TIMEOUT)


FORGED = """
    import os, struct
    header = b'{"status":"ok","tensors":[["float32",[32,27]]]}'
    frame = struct.pack("!IQ", len(header), 32 * 27 * 4) + header + bytes(32 * 27 * 4)
    for descriptor in range(3, 21):
        try:
            os.write(descriptor, frame * TIMES)
        except OSError:
            pass
    return dlogprobs / probs
"""


@pytest.mark.parametrize("times", [1, 2])
def test_a_forged_frame_is_never_right(zygote: Zygote, times: int) -> None:
    """A frame that the function itself wrote says what the function says, and never more."""
    source = FORGED.replace("TIMES", str(times))
    exam = examined(zygote, f"{BYSTANDER}\ndef dprobs(probs, dlogprobs):\n{source}")
    first, second = ask(exam, seconds=5), ask(exam, seconds=5)
    bystander = ask(exam, "ex1.dlogprobs")
    exam.end()

    assert judged(bystander, "ex1.dlogprobs").right
    if first.outcome is Outcome.OK:
        assert verdict.Kind.WRONG == judged(first, "ex1.dprobs")
    # What was left over of the first question is not an answer to the second one.
    assert second.outcome in (Outcome.MALFORMED, Outcome.CRASHED, Outcome.TIMEOUT)


def test_an_answer_before_its_question_is_no_answer(zygote: Zygote) -> None:
    """A frame that is written while the file is loaded answers none of the questions."""
    top = textwrap.dedent(FORGED.replace("TIMES", "3").replace("return dlogprobs / probs", ""))
    exam = examined(zygote, f"{top}\ndef dprobs(probs, dlogprobs): return dlogprobs / probs\n")
    answer = ask(exam, seconds=5)
    exam.end()

    assert answer.outcome in (Outcome.MALFORMED, Outcome.CRASHED, Outcome.TIMEOUT)


def test_a_closed_pipe_is_a_crash(zygote: Zygote) -> None:
    """A function that closes every descriptor has no way to answer any more."""
    answer, _ = story(zygote, "import os\nos.closerange(3, 64)\nreturn probs", seconds=5)

    assert answer.outcome in (Outcome.CRASHED, Outcome.TIMEOUT)


ALONE = """
from grader import examination
from grader.course import catalogue
from grader.examination import Examination
from grader.sandbox.host.zygote import Zygote
from grader.submission import Submission
import sys, torch

inputs = {"probs": torch.ones(2, 3), "logprobs": torch.ones(2, 3)}
with Zygote() as zygote:
    for source in sys.argv[1:]:
        submission = Submission("story", {"ex1_backward.py": source.encode()}, "digest")
        inspection, _ = examination.inspect(zygote, submission)
        exam = Examination(zygote, submission, catalogue.course(), inspection)
        for name in ("ex1.dprobs", "ex1.dlogprobs"):
            answer = exam.ask(catalogue.course().resolve(name), inputs, seconds=60)
            print(answer.outcome, flush=True)
        exam.end()
"""
SIGNALS = (
    "os.killpg(0, signal.SIGKILL)",
    "os.killpg(0, signal.SIGINT)",
    "os.kill(os.getppid(), signal.SIGKILL)",
    "os.kill(os.getppid(), signal.SIGSTOP)",
)


def test_a_signal_to_others_does_not_reach_them() -> None:
    """A function that signals its group or its parent harms no process but its own."""
    sources = [
        f"import os, signal\ndef dprobs(probs):\n    {signalling}\n    return probs\n"
        "def dlogprobs(logprobs): return logprobs\n"
        for signalling in SIGNALS
    ]
    # A session of its own: if the signal gets out, it reaches this child and not the tests.
    grading = subprocess.Popen(
        [sys.executable, "-c", ALONE, *sources],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        told, _ = grading.communicate(timeout=GENEROUS)
    except subprocess.TimeoutExpired:
        told = "the grader hangs"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(grading.pid, signal.SIGKILL)
        grading.wait()

    outcomes = told.split()
    assert ["ok"] * len(SIGNALS) == outcomes[1::2], told
    assert len(SIGNALS) == len(outcomes[::2]), told


def test_a_child_of_a_worker_does_not_outlive_it(zygote: Zygote) -> None:
    """A process that a function started, if it can at all, is gone when the worker is."""
    body = """
        import os, time
        child = os.fork()
        if child == 0:
            while True: time.sleep(1)
        print("child", child)
        return probs
    """
    _, output = story(zygote, body)
    settle(zygote)

    started = [int(line.split()[1]) for line in output.splitlines() if line.startswith("child ")]
    alive = [pid for pid in started if Path(f"/proc/{pid}").exists()]
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
    assert [] == alive


def test_an_error_while_loading_leaves_the_rest(zygote: Zygote) -> None:
    """A statement that fails takes only what depends on it; a later error names its line."""
    source = (
        "import torch\nscale = 1 / 0\n\n\ndef dprobs(dlogprobs, probs):\n    return probs * scale\n"
    )
    exam = examined(zygote, source + BYSTANDER)
    answer = ask(exam)
    other = ask(exam, "ex1.dlogprobs")
    exam.end()

    assert judged(other, "ex1.dlogprobs").right
    assert Outcome.ERROR == answer.outcome
    assert answer.message.startswith("(line 2: division by zero) NameError: ")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("import sys; sys.exit(1)", Outcome.ERROR),
        ("import os; os._exit(3)", Outcome.CRASHED),
        ("import ctypes; ctypes.string_at(8)", Outcome.CRASHED),
    ],
)
def test_a_file_that_ends_its_process_costs_its_own_tasks(
    zygote: Zygote, statement: str, expected: Outcome
) -> None:
    """A file that cannot be run costs the tasks in it, and another file is graded."""
    source = f"{statement}\ndef dprobs(probs): return probs\n"
    exam = examined(zygote, source, my_ex2="def dlogits(logits, Yb): return logits\n")
    answer = ask(exam)
    other = ask(exam, "ex2.dlogits")
    exam.end()

    assert (expected, Outcome.OK) == (answer.outcome, other.outcome)
    assert answer.message.startswith("ex1_backward.py could not be loaded: ")


def test_a_file_that_never_ends_meets_its_limit(zygote: Zygote) -> None:
    """A loop at the top of a file is ended by the limit of the task that it is loaded for."""
    exam = examined(zygote, "while True: pass\ndef dprobs(probs): return probs\n")
    answer = ask(exam, seconds=BRIEF)
    exam.end()

    told = (
        "ex1_backward.py could not be loaded: no answer within the limit of 0.3 s of processor time"
    )
    assert (Outcome.TIMEOUT, told) == (answer.outcome, answer.message)


def test_a_deleted_helper_is_no_error(zygote: Zygote) -> None:
    """A file may delete a helper of its own when it no longer needs it."""
    exam = examined(zygote, f"{BYSTANDER}\ndef helper(): return 1\nK = helper()\ndel helper\n")
    answer = ask(exam, "ex1.dlogprobs")
    exam.end()

    assert judged(answer, "ex1.dlogprobs").right


def test_a_syntax_error_costs_its_own_function(zygote: Zygote) -> None:
    """A function that does not parse is an error with its line, and the others still work."""
    broken = "\n\ndef dprobs(dlogprobs, probs):\n    return dlogprobs / / probs\n\n\n"
    exam = examined(zygote, "import torch\n" + broken + BYSTANDER)
    answer = ask(exam)
    other = ask(exam, "ex1.dlogprobs")
    exam.end()

    assert judged(other, "ex1.dlogprobs").right
    assert (Outcome.ERROR, 5) == (answer.outcome, answer.line)
    assert f"SyntaxError: invalid syntax ({FILE}, line 5)" == answer.message


@pytest.mark.parametrize(
    "nested", ["x = " + "(" * 5000 + ")" * 5000, "x = " + "-" * 100_000 + "1", "x = '''"]
)
def test_a_source_that_hurts_the_parser_costs_itself(zygote: Zygote, nested: str) -> None:
    """Bottomless nesting and an open string after the functions leave those functions whole."""
    exam = examined(zygote, f"{BYSTANDER}\n{nested}\n")
    answer = ask(exam, "ex1.dlogprobs")
    exam.end()

    assert judged(answer, "ex1.dlogprobs").right


FORMS = {
    "a decorator": (
        "import functools\ndef twice(f):\n    @functools.wraps(f)\n"
        "    def g(*given): return f(*given)\n    return g\n"
        "@twice\ndef dprobs(probs, dlogprobs): return dlogprobs / probs\n"
    ),
    "a cache": (
        "import functools\n@functools.lru_cache(\n    maxsize=None,\n)\n"
        "def dprobs(probs, dlogprobs): return dlogprobs / probs\n"
    ),
    "the last of two": (
        "def dprobs(probs): return probs\ndef dprobs(dlogprobs, probs): return dlogprobs / probs\n"
    ),
    "a lambda": "dprobs = lambda probs, dlogprobs: dlogprobs / probs\n",
    "under a condition": "if True:\n    def dprobs(probs, dlogprobs): return dlogprobs / probs\n",
    "keywords": "def dprobs(*, probs, dlogprobs): return dlogprobs / probs\n",
    "positions": "def dprobs(probs, dlogprobs, /): return dlogprobs / probs\n",
    "a default": "def dprobs(probs, factor=1.0, *, dlogprobs): return factor * dlogprobs / probs\n",
    "other spellings": "def d_prob(prob, d_logprob): return d_logprob / prob\n",
    "annotations": (
        "from __future__ import annotations\n"
        "def dprobs(probs: Unknown, dlogprobs: Unknown) -> Unknown: return dlogprobs / probs\n"
    ),
    "a sibling": (
        "import helpers\ndef dprobs(probs, dlogprobs): return helpers.div(dlogprobs, probs)\n"
    ),
}


@pytest.mark.parametrize("source", FORMS.values(), ids=FORMS.keys())
def test_a_function_may_be_written_in_many_ways(zygote: Zygote, source: str) -> None:
    """Decorators, defaults, keywords, aliases and helpers in other files are all understood."""
    exam = examined(zygote, source, helpers="def div(a, b): return a / b\n")
    answer = ask(exam)
    exam.end()

    assert judged(answer, "ex1.dprobs").right


def test_a_coroutine_is_no_answer(zygote: Zygote) -> None:
    """An async function is not a function that can be asked."""
    source = "async def dprobs(probs, dlogprobs): return dlogprobs / probs\n"
    exam = examined(zygote, source)
    answer = ask(exam)
    exam.end()

    assert answer.outcome in (Outcome.NOT_IMPLEMENTED, Outcome.ERROR)


def test_a_generator_is_no_answer(zygote: Zygote) -> None:
    """A function with a yield in it returns a generator, and the message says so."""
    answer, _ = story(zygote, "yield dlogprobs / probs")

    told = "TypeError: return a tensor; this is a generator"
    assert (Outcome.ERROR, told) == (answer.outcome, answer.message)


def test_what_is_not_on_offer_is_told(zygote: Zygote) -> None:
    """A function that asks for something else is told what it asked for and what there is."""
    source = "\ndef dprobs(probs, secret, dcounts): return probs\n"
    exam = examined(zygote, source)
    answer = ask(exam)
    exam.end()

    assert (Outcome.ERROR, 2) == (answer.outcome, answer.line)
    told = (
        "dprobs asks for 'secret', 'dcounts', which is not on offer. "
        "On offer are the upstream gradients (dlogprobs) and "
    )
    assert answer.message.startswith(told)
    listed = answer.message.removeprefix(told).rstrip(".").split(", ")
    assert {"probs", "Yb", "n", "vocab"} <= set(listed)
    assert "dlogprobs" not in listed


AUTOGRAD = {
    "backward": "probs.clone().requires_grad_().sum().backward()",
    "autograd.grad": "torch.autograd.grad(probs.sum(), probs)",
    "autograd.backward": "torch.autograd.backward(probs.sum())",
    "func.grad": "torch.func.grad(torch.sum)(probs)",
    "func.vjp": "torch.func.vjp(torch.sum, probs)",
    "func.jacrev": "torch.func.jacrev(torch.sum)(probs)",
    "func.jvp": "torch.func.jvp(torch.sum, (probs,), (probs,))",
}


@pytest.mark.parametrize("call", AUTOGRAD.values(), ids=AUTOGRAD.keys())
def test_autograd_says_why_it_does_not_work(zygote: Zygote, call: str) -> None:
    """Every entry point of autograd is named with its place, and says what the course is about."""
    answer, _ = story(zygote, f"import torch\n{call}\nreturn probs")

    assert Outcome.POLICY == answer.outcome
    assert answer.message.startswith("autograd was called (")
    assert "in this course the backward pass is written by hand" in answer.traceback


def test_gradients_are_not_recorded(zygote: Zygote) -> None:
    """Nothing that is computed from a leaf knows where it came from."""
    body = "d = (probs.clone().requires_grad_() * 2)\nprint(d.grad_fn)\nreturn d"
    _, output = story(zygote, body)

    assert "None\nNone\n" == output


def test_state_of_one_task_is_not_seen_by_another(zygote: Zygote) -> None:
    """What a task does to torch, Python and its own module ends with the task."""
    source = """
        import builtins, random, torch
        STATE = []

        def dprobs(probs, dlogprobs):
            torch.set_default_dtype(torch.float64)
            torch.manual_seed(3)
            random.seed(3)
            torch.zeros = torch.ones
            torch.Tensor.__truediv__ = lambda self, other: self
            builtins.range = None
            STATE.append(1)
            return torch.tensor([1.0])

        def dlogprobs(logprobs, Yb):
            d = torch.zeros(logprobs.shape)
            assert not STATE and d.dtype == torch.float32
            d[range(len(Yb)), Yb] = -torch.ones(1) / len(Yb)
            return d

        def dcounts_sum():
            return torch.randn(4)
    """
    exam = examined(zygote, source)
    before = ask(exam, "ex1.dcounts_sum")
    patched = ask(exam)
    other = ask(exam, "ex1.dlogprobs")
    after = ask(exam, "ex1.dcounts_sum")
    exam.end()

    assert Outcome.OK == patched.outcome
    assert judged(other, "ex1.dlogprobs").right
    assert torch.equal(before.tensors[0], after.tensors[0])


def test_inputs_of_the_grader_are_out_of_reach(zygote: Zygote) -> None:
    """A function that overwrites its inputs is told on, and the grader's own are as they were."""
    before = {name: value.clone() for name, value in CASE.tensors.items()}
    answer, _ = story(zygote, "probs.zero_()\nreturn probs")

    assert (["probs"], ["probs"]) == (answer.changed, answer.aliased)
    assert all(torch.equal(value, CASE.tensors[name]) for name, value in before.items())


def test_views_are_handed_over_on_request(zygote: Zygote) -> None:
    """Matrices come as non-contiguous views of the same numbers if that is asked for."""
    source = """
        def dprobs(probs, dlogprobs):
            print(probs.is_contiguous())
            return dlogprobs / probs
    """
    exam = examined(zygote, source)
    answer = ask(exam, padded=True)
    exam.end()

    assert judged(answer, "ex1.dprobs").right
    assert "False\n" == exam.outputs["ex1.dprobs"]


def test_several_tensors_are_asked_for_by_name(zygote: Zygote) -> None:
    """An answer of several tensors may be a tuple, a list or a dict, with none missing."""
    wanted = Wanted("tensors", ("a", "b"))
    task = COURSE.resolve("ex1.dprobs")
    inputs = CASE.inputs(task)
    told = []
    for made in ("(probs, probs)", "[probs, probs]", "{'b': probs, 'a': probs}", "{'a': probs}"):
        exam = examined(zygote, f"def dprobs(probs): return {made}\n")
        answer = exam.ask(task, inputs, wanted, seconds=GENEROUS)
        told.append(answer.message or len(answer.tensors))
        exam.end()

    assert [2, 2, 2, "TypeError: the returned dict lacks b"] == told


def test_a_submission_without_functions_is_read(zygote: Zygote) -> None:
    """An empty file and one of comments have no functions, and that is no error."""
    exam = examined(zygote, "", other="# nothing\n")

    assert [] == exam.inspection.definitions
    assert {} == exam.matched


def test_nothing_is_left_behind(zygote: Zygote) -> None:
    """After fifty workers, well-behaved and not, no process and no descriptor is left over."""
    bodies = [
        "return probs",
        "raise ValueError",
        "import os; os._exit(1)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import os; os.closerange(3, 64)",
    ]
    exams = [examined(zygote, f"def dprobs(probs): {body}\n") for body in bodies]
    settle(zygote)
    pid = zygote._process.pid
    before = descriptors("self"), descriptors(pid)
    for number in range(50):
        exam = exams[number % len(exams)]
        ask(exam)
        exam.end()
    settle(zygote)

    assert {} == leaked(before[0], descriptors("self"))
    assert {} == leaked(before[1], descriptors(pid))
    assert [] == children(pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGRTMIN + 3])
def test_a_worker_that_was_ended_has_crashed(zygote: Zygote, number: int) -> None:
    """A worker that a signal ended from outside has crashed, whatever the signal was."""
    worker, _ = loading.load(zygote, {FILE: BYSTANDER.encode()}, FILE)
    os.kill(worker.child.pid, number)
    reply = worker.ask({}, allowance=Allowance(GENEROUS), max_body=0)
    worker.close()

    assert Outcome.CRASHED == reply.outcome
    assert reply.message.startswith("the process was ended by ")


def test_a_zygote_that_is_gone_is_told() -> None:
    """Without the process that forks, the sandbox says that it does not work, and leaks nothing. A
    worker that nobody can wait for any more is the sandbox's fault, too, and closes quietly.
    """
    with Zygote() as own:
        asked, idle = (loading.load(own, {FILE: BYSTANDER.encode()}, FILE)[0] for _ in range(2))
        pids = [worker.child.pid for worker in (asked, idle)]
        os.kill(own._process.pid, signal.SIGKILL)
        own._process.wait()
        before = descriptors("self")
        for _ in range(3):
            with pytest.raises(SandboxError):
                own.fork()
        assert {} == leaked(before, descriptors("self"))
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with pytest.raises(SandboxError):
            asked.ask({}, allowance=Allowance(GENEROUS), max_body=0)
        for worker in (asked, idle):
            worker.close()
            worker.close()


def test_a_closed_worker_stays_closed(zygote: Zygote) -> None:
    """Closing twice is harmless, and asking a closed worker says that it was closed."""
    worker, loaded = loading.load(zygote, {FILE: BYSTANDER.encode()}, FILE)
    worker.close()
    worker.close()
    reply = worker.ask({}, allowance=Allowance(GENEROUS), max_body=0)

    assert Outcome.OK == loaded.outcome
    assert (Outcome.CRASHED, "the worker was closed") == (reply.outcome, reply.message)


NAMES = "guest host grader wire worker loader flat jail values names parse".split()


def test_a_file_may_have_the_name_of_any_module_of_the_sandbox(zygote: Zygote) -> None:
    """No module of the grader can be imported by a submission, so its own of that name is found."""
    others = {name: f"here = {name!r}\n" for name in NAMES}
    imports = "\n".join(f"import {name}" for name in NAMES)
    told = ", ".join(f"{name}.here" for name in NAMES)
    source = f"""
import sys
before = sorted(name for name in sys.modules if name.partition(".")[0] in ("grader", "guest"))
{imports}

def dprobs(probs, dlogprobs):
    print(before, {told})
    return dlogprobs / probs
"""
    exam = examined(zygote, source, **others)
    try:
        assert judged(ask(exam), "ex1.dprobs").right
    finally:
        exam.end()
    assert f"[] {' '.join(NAMES)}" == exam.outputs["ex1.dprobs"].strip()


def test_a_zygote_takes_its_workers_with_it() -> None:
    """Closing the process that forks ends the workers that are still there."""
    with Zygote() as own:
        worker, _ = loading.load(own, {FILE: BYSTANDER.encode()}, FILE)
        pid = worker.child.pid
    alive = Path(f"/proc/{pid}").exists()
    worker.ends.close()

    assert not alive
