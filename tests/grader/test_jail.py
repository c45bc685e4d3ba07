"""The jail: nothing that an inmate tries succeeds, and a machine without a jail is told so."""

from __future__ import annotations

import errno
import json
import os
import platform
import re
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from command_line import CommandLine
from programs import Interpreter

from grader import cli, doctor, examination, question
from grader.course import catalogue
from grader.errors import SandboxError
from grader.examination import Examination
from grader.options import ROOT
from grader.sandbox.guest.jail import derivatives, lockdown, probes
from grader.sandbox.host import loading, zygote
from grader.sandbox.host.reply import Outcome
from grader.sandbox.host.zygote import Isolation, Zygote
from grader.submission import Submission

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="jails need Linux")

SANDBOX = ROOT / "grader" / "sandbox"
CONTROL = "trivia: its own number"
"""An attempt that has to succeed: it shows that success would be seen."""

NOBODY = 65534
GENEROUS = 120.0
FILE = "ex1_backward.py"


def jail_or_skip(isolation: Isolation) -> None:
    """Skip on a machine without a jail, but fail where the project is tested for others."""
    if isolation.level == "jail":
        return
    told = f"no jail here: {'; '.join(isolation.missing)}"
    if os.environ.get("CI") == "true":
        pytest.fail(told)
    pytest.skip(told)


@pytest.fixture
def jailer(zygote: Zygote) -> Zygote:
    """A process that forks jailed workers."""
    jail_or_skip(zygote.isolation)
    return zygote


def run(code: str, *arguments: str) -> str:
    """Run code in a fresh interpreter; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# What is tried


def let_through(tried: dict[str, bool]) -> list[str]:
    """Return the attempts that were not refused."""
    return [name for name, refused in tried.items() if not refused]


def test_every_attempt_but_trivia_is_refused(jailer: Zygote) -> None:
    """From inside a jail, no attempt to break out succeeds."""
    tried = dict(jailer.isolation.probes)

    assert [name for name in let_through(tried) if not name.startswith("trivia: ")] == []
    assert CONTROL in let_through(tried)
    assert len(tried) == len(probes.PROBES) >= 60


UNJAILED = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from guest.jail import probes
pid = os.fork()  # they are made in a child, as by a zygote
if pid == 0:
    print(json.dumps(probes.run()), flush=True)
    os._exit(0)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def test_the_same_attempts_succeed_without_a_jail() -> None:
    """They are real: a process that is not locked down gets through with many of them."""
    tried = dict(json.loads(run(UNJAILED, str(SANDBOX))))

    assert len(tried) == len(probes.PROBES) or platform.machine() not in lockdown.ARCHITECTURES
    through = let_through(tried)
    assert len(through) >= 25
    for name in ("files: open /etc/passwd", "sockets: pair", "processes: fork", CONTROL):
        assert name in through


def test_the_attempts_leave_nothing_behind() -> None:
    """What an attempt makes, it removes."""
    code = f"import os, sys\nprint(os.getpid())\n{UNJAILED}"
    pid = run(code, str(SANDBOX)).split()[0]

    assert list(Path("/tmp").glob(f"*probe-{pid}*")) == []


def test_each_attempt_has_a_name_of_its_own() -> None:
    """Names are keys: two attempts of one name would hide each other."""
    names = [f"{category}: {name}" for category, name, _ in probes.PROBES]

    assert len(set(names)) == len(names)


def test_an_attempt_that_is_broken_counts_as_let_through() -> None:
    """A mistake in an attempt cannot make a jail look tight, nor can an error of another kind."""

    def fails(error: Exception) -> bool:
        def attempt() -> None:
            raise error

        return probes.refused(attempt)

    assert not fails(TypeError("a mistake"))
    assert not fails(MemoryError())
    assert not fails(OSError(errno.ENOENT, "after admission"))
    assert fails(OSError(errno.EPERM, "refused"))
    assert fails(OSError(errno.EACCES, "refused"))


# A zygote that has read its files gives up root: others may not be able to read the project.
UNPRIVILEGED = """
import encodings.ascii, json, os, sys
sys.path.insert(0, sys.argv[1])
from guest import zygote
# before, because the libraries may lie where this user cannot read them
untrapped = zygote.without_differentiation("")
user = int(sys.argv[2])
os.setgroups([])
os.setresgid(user, user, user)
os.setresuid(user, user, user)
jailer = zygote.Jailer("best", untrapped, zygote.derivatives.few())
print(json.dumps({"level": jailer.level, **jailer.told}))
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="not root")
def test_a_user_without_privileges_gets_a_jail(jailer: Zygote, interpreter: Interpreter) -> None:
    """The jail needs no root: all that root has on top is a user of its own, without groups."""
    told = json.loads(interpreter.run(UNPRIVILEGED, str(SANDBOX), str(NOBODY)))

    assert (told["level"], told["missing"]) == ("jail", list(jailer.isolation.missing))
    assert set(jailer.isolation.active) - set(told["active"]) == {"no groups", "user of its own"}
    assert dict(told["probes"]) == dict(jailer.isolation.probes)


# The layers of a worker

LAYERS = ("NoNewPrivs", "Seccomp", "Seccomp_filters", "CapEff", "CapPrm", "Groups")


def layers_of(pid: int) -> tuple[dict[str, str], str]:
    """Return what the kernel says about a process: the layers of its status, and its limits."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    status = dict(line.split(":", 1) for line in lines)
    told = {name: status[name].strip() for name in LAYERS if name in status}
    return told, Path(f"/proc/{pid}/limits").read_text(encoding="utf-8")


def test_every_worker_has_the_same_layers(jailer: Zygote) -> None:
    """The kernel says the same of the first worker and of those after it, after a death, too."""
    seen = []
    for number in range(4):
        worker, reply = loading.load(jailer, {FILE: b"import os\n"}, FILE)
        with worker:
            assert reply.outcome == Outcome.OK, reply.message
            seen.append(layers_of(worker.child.pid))
            if number == 1:
                os.kill(worker.child.pid, 9)

    assert all(layers == seen[0] for layers in seen)
    status, limits = seen[0]
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
    for name in ("Max processes", "Max file size", "Max core file size"):
        assert re.search(rf"^{name} +0 +0 ", limits, re.MULTILINE)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="not root")
def test_workers_of_root_are_users_of_their_own(jailer: Zygote) -> None:
    """Two workers of root share no identity with each other or with anybody else."""
    identities = []
    for _ in range(2):
        worker, reply = loading.load(jailer, {FILE: b""}, FILE)
        with worker:
            assert reply.outcome == Outcome.OK, reply.message
            status = Path(f"/proc/{worker.child.pid}/status").read_text(encoding="utf-8")
        for kind in ("Uid", "Gid"):
            found = re.search(rf"^{kind}:(.*)$", status, re.MULTILINE)
            assert found
            identities.append((kind, set(found[1].split())))

    assert all(len(numbers) == 1 and numbers.isdisjoint({"0"}) for _, numbers in identities)
    assert identities[:2] != identities[2:]


# The allow-list

Instruction = tuple[int, int, int, int]
FOREIGN = 0x40000003  # 32-bit x86


def verdict(code: bytes, audit: int, number: int, *arguments: int) -> int:
    """Interpret a BPF program on a system call; return what it returns."""
    data = struct.pack("<iIQ6Q", number, audit, 0, *(arguments + (0,) * 6)[:6])
    program: list[Instruction] = list(struct.iter_unpack("<HBBI", code))
    accumulator, at = 0, 0
    while True:
        operation, if_true, if_false, operand = program[at]
        at += 1
        if operation == lockdown.LOAD:
            (accumulator,) = struct.unpack_from("<I", data, operand)
        elif operation == lockdown.RETURN:
            return operand
        else:
            holds = {
                lockdown.JUMP_EQUAL: accumulator == operand,
                lockdown.JUMP_AT_LEAST: accumulator >= operand,
                lockdown.JUMP_ANY_BIT: bool(accumulator & operand),
            }[operation]
            at += if_true if holds else if_false


REFUSED = lockdown.ERRNO | errno.EPERM
NO_DEVICE = lockdown.ERRNO | errno.ENOTTY
both = pytest.mark.parametrize("machine", list(lockdown.ARCHITECTURES))


@both
def test_exactly_the_listed_calls_are_allowed(machine: str) -> None:
    """Of all numbers, those on the list are allowed and no others."""
    code = lockdown.program(machine)
    audit, numbers = lockdown.ARCHITECTURES[machine]
    special = {numbers["ioctl"]: NO_DEVICE, numbers["fcntl"]: REFUSED}  # fcntl(.., F_DUPFD)
    allowed = dict.fromkeys(numbers.values(), lockdown.ALLOW) | special

    assert len(set(numbers.values())) == len(numbers)
    for number in (*range(601), 2**31 - 1):
        assert verdict(code, audit, number) == allowed.get(number, REFUSED), number


def test_the_architectures_allow_the_same() -> None:
    """aarch64 lacks three old calls; nothing that is tried in vain is on either list."""
    x86_64, aarch64 = (set(lockdown.ARCHITECTURES[name][1]) for name in ("x86_64", "aarch64"))

    assert x86_64 - aarch64 == {"poll", "select", "time"}
    assert aarch64 <= x86_64
    # mprotect is tried with PROT_EXEC only; getpid is the attempt that has to succeed.
    assert x86_64 & set(probes.NUMBERS) == {"getpid", "mprotect"}


@both
def test_memory_is_never_executable(machine: str) -> None:
    """mmap and mprotect are allowed with every protection that has no PROT_EXEC."""
    code = lockdown.program(machine)
    audit, numbers = lockdown.ARCHITECTURES[machine]
    for name in ("mmap", "mprotect"):
        for protection in range(8):
            expected = REFUSED if protection & 4 else lockdown.ALLOW
            assert verdict(code, audit, numbers[name], 0, 4096, protection) == expected
        # The kernel reads all 64 bits; what is above the lower half cannot hide a bit in it.
        assert verdict(code, audit, numbers[name], 0, 4096, 1 << 32 | 5) == REFUSED


@both
def test_descriptors_can_be_asked_and_not_changed(machine: str) -> None:
    """Of fcntl only F_GETFD and F_GETFL are allowed, whatever their argument."""
    code = lockdown.program(machine)
    audit, numbers = lockdown.ARCHITECTURES[machine]
    for command in (*range(64), *range(1024, 1048)):
        expected = lockdown.ALLOW if command in (1, 3) else REFUSED
        assert verdict(code, audit, numbers["fcntl"], 0, command, 8) == expected


@both
def test_another_calling_convention_does_not_help(machine: str) -> None:
    """x32 numbers are refused; a foreign architecture's call ends the process."""
    code = lockdown.program(machine)
    audit, numbers = lockdown.ARCHITECTURES[machine]
    others = [other for other, _ in lockdown.ARCHITECTURES.values() if other != audit]
    for number in numbers.values():
        assert verdict(code, audit, lockdown.X32_BIT | number) == REFUSED
        assert verdict(code, audit, -1 - number) == REFUSED
        for foreign in (FOREIGN, *others):
            assert verdict(code, foreign, number) == lockdown.KILL


HEADERS = {
    "x86_64": (Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), 0),
    "aarch64": (Path("/usr/include/asm-generic/unistd.h"), 1),
}


@both
def test_numbers_of_system_calls_agree_with_the_kernel_headers(machine: str) -> None:
    """The numbers are those of the kernel, in the allow-list and in the attempts."""
    header, column = HEADERS[machine]
    if not header.exists():
        pytest.skip(f"{header} is not installed")
    defined = re.findall(r"#define\s+__NR(?:3264)?_(\w+)\s+(\d+)", header.read_text())
    kernel = {name: int(number) for name, number in defined}
    listed = lockdown.ARCHITECTURES[machine][1]
    tried = {name: numbers[column] for name, numbers in probes.NUMBERS.items()}

    assert listed == {name: kernel[name] for name in listed}
    assert tried == {name: kernel[name] for name in tried}


# Machines without a jail

FAKE = """
import os
def main(*arguments):
    os.write(3, {told!r})
    while os.read(3, 64):
        pass
"""
MISSING = ["landlock ([Errno 38] Function not implemented)", "seccomp ([Errno 22] Invalid)"]
WITHOUT = {
    "level": "process",
    "active": ["resource limits", "no new privileges"],
    "missing": MISSING,
    "ways": [],
    "probes": [["files: open /", False], ["sockets: Unix", True], ["trivia: its user", False]],
}


def pretend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **changes: object) -> None:
    """Let a zygote tell of a machine without a jail."""
    told = json.dumps({**WITHOUT, **changes}).encode() + b"\n"
    package = tmp_path / "guest"
    package.mkdir(exist_ok=True)
    (package / "zygote.py").write_text(FAKE.format(told=told), encoding="utf-8")
    monkeypatch.setattr(zygote, "SANDBOX", tmp_path)


def test_without_a_jail_grading_refuses_and_names_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Who asks for a jail gets one or an error that names the layers and the way on."""
    pretend(monkeypatch, tmp_path)
    with Zygote("jail") as zygote:
        for ask in (lambda: zygote.isolation, zygote.fork):
            with pytest.raises(SandboxError) as refusal:
                ask()
            for word in (*MISSING, "grader doctor", "--isolation process"):
                assert word in str(refusal.value)


def test_without_a_jail_who_asks_for_the_best_gets_what_there_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The level says what it is."""
    pretend(monkeypatch, tmp_path)
    with Zygote("best") as zygote:
        assert zygote.isolation.level == "process"


# `grader doctor`


def doctor_says(*options: str) -> tuple[int, str]:
    """Return the exit code and the output of the command."""
    done = CliRunner().invoke(cli.main, ["doctor", *options])
    return done.exit_code, done.output


def test_doctor_tells_of_a_jail(grader: CommandLine, jailer: Zygote) -> None:
    """With a jail it names the layers and every attempt, fits 80 columns, and exits with 0."""
    told = grader("doctor")

    assert "level: jail" in told
    assert "this machine can grade untrusted submissions" in told
    words = " ".join(told.split())
    for layer in jailer.isolation.active:
        assert layer in words
    for category, name, _ in probes.PROBES:
        assert f"\n{category}\n" in told
        assert f"refused {name}" in words
    assert max(map(len, told.splitlines())) <= 80


def test_doctor_tells_machines(grader: CommandLine, jailer: Zygote) -> None:
    """The same for machines to read."""
    diagnosis = json.loads(grader("doctor", "--json"))

    assert (diagnosis["level"], diagnosis["healthy"]) == ("jail", True)
    assert diagnosis["layers"] == list(jailer.isolation.active)
    tried = {f"{x['category']}: {x['name']}": x["refused"] for x in diagnosis["probes"]}
    ways = {name for name in tried if name.startswith("differentiation: ")}
    assert {f"differentiation: {name}" for name in derivatives.FEW} < ways
    assert tried == {**jailer.isolation.probes, **dict.fromkeys(ways, True)}


def test_doctor_tells_what_is_missing_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a jail it names each missing layer, with advice, and exits with 4."""
    pretend(monkeypatch, tmp_path)
    code, told = doctor_says()

    words = " ".join(told.split())
    assert code == 4
    assert "level: process" in told
    for word in (*MISSING, "Linux 5.13", "profile", "your own code"):
        assert word in words
    assert "NOT refused open /" in words
    assert max(map(len, told.splitlines())) <= 80
    code, told = doctor_says("--json")
    assert code == 4
    missing = json.loads(told)["missing"]
    assert [found["layer"] for found in missing] == MISSING
    assert all(found["advice"] for found in missing)


def test_doctor_does_not_trust_a_jail_that_leaks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An attempt that succeeds is a reason not to grade; trivia are not."""
    pretend(monkeypatch, tmp_path, level="jail", missing=[])
    code, told = doctor_says()
    assert code == 4
    assert "do not grade untrusted submissions" in " ".join(told.split())

    pretend(monkeypatch, tmp_path, level="jail", missing=[], probes=[["trivia: x", False]])
    assert doctor_says()[0] == 0


def test_doctor_has_advice_for_whatever_a_machine_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every layer that a lock-down can miss has its advice."""

    def fail(*arguments: object) -> None:
        raise OSError(errno.EPERM, "not here")

    steps = "limit_resources forbid_processes become_nobody restrict_files".split()
    for step in steps:
        monkeypatch.setattr(lockdown, step, fail)
    monkeypatch.setattr(lockdown.Call, "__call__", fail)
    monkeypatch.setattr(os, "setgroups", fail)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    missing = [
        *lockdown.share(0).missing,
        *lockdown.lock_down(0, lockdown.Filter(b"")).missing,
        *lockdown.lock_down(0, None).missing,
        "a child that can be locked down",
    ]
    monkeypatch.setattr(sys, "platform", "darwin")
    missing += lockdown.lock_down(0, None).missing
    missing.append("a limit of memory")  # which a process has that is not in a jail

    assert len(set(missing)) == 13
    assert [layer for layer in missing if not doctor.advice(layer)] == []


# Memory without /proc

UNMOUNTED = """
import builtins, resource, sys
sys.path.insert(0, sys.argv[1])
from guest.jail import lockdown
known = lockdown.address_space()
real = builtins.open
def unmounted(path, *a, **k):
    if str(path).startswith("/proc"):
        raise FileNotFoundError(path)
    return real(path, *a, **k)
builtins.open = unmounted
before = resource.getrlimit(resource.RLIMIT_AS)
found = lockdown.address_space()
assert resource.getrlimit(resource.RLIMIT_AS) == before
assert abs(found - known) < 1 << 20, (found, known)
lockdown.share(found)
try:
    bytearray(lockdown.HEADROOM + (1 << 20))
except MemoryError:
    print("refused")
print(len(bytearray(1 << 20)))
"""
UNKNOWN = """
import sys
sys.path.insert(0, sys.argv[1])
from guest.jail import lockdown
lockdown._can_map = lambda size: True
lockdown.open = lambda *a, **k: (_ for _ in ()).throw(FileNotFoundError())
print(lockdown.address_space(), lockdown.share(lockdown.address_space()).missing[0])
"""


def test_memory_is_limited_where_there_is_no_proc() -> None:
    """What is mapped is found by trying, leaves no limit behind, and memory has its bound."""
    assert run(UNMOUNTED, str(SANDBOX)).split() == ["refused", str(1 << 20)]


def test_a_limit_of_memory_that_cannot_be_set_is_told() -> None:
    """The layer is missing, with the reason: it is not listed as if it were there."""
    told = run(UNKNOWN, str(SANDBOX))

    assert told.startswith("0 resource limits (memory is not limited")


# Bombs

BYSTANDER = "def dlogprobs(logprobs, Yb):\n    return logprobs * 2\n"


def bomb(jailer: Zygote, body: str) -> question.Answer:
    """Let a function have this body; see that another one is answered after it."""
    course = catalogue.course()
    source = f"{BYSTANDER}\n\ndef dprobs(probs):\n{textwrap.indent(body, '    ')}\n"
    submission = Submission("bomb", {FILE: source.encode()}, "digest")
    inspection, told = examination.inspect(jailer, submission)
    assert inspection is not None, told
    exam = Examination(jailer, submission, course, inspection)
    inputs = {name: torch.ones(2, 3) for name in ("probs", "logprobs", "dlogprobs")}
    inputs["Yb"] = torch.tensor([0, 1])
    try:
        answer = exam.ask(course.resolve("ex1.dprobs"), inputs, seconds=GENEROUS)
        after = exam.ask(course.resolve("ex1.dlogprobs"), inputs, seconds=GENEROUS)
        assert after.outcome == Outcome.OK, after.message
        assert torch.equal(after.tensors[0], inputs["logprobs"] * 2)
    finally:
        exam.end()
    return answer


@pytest.mark.parametrize(
    "body",
    [
        "return bytearray(30 << 30)",
        "import torch\nreturn torch.ones(30 << 28)",
        "kept = []\nwhile True:\n    kept.append(b'x' * (1 << 26))",
        "import mmap\nreturn mmap.mmap(-1, 30 << 30)",
    ],
)
def test_memory_ends_with_the_task_that_wants_it(jailer: Zygote, body: str) -> None:
    """30 GiB are an error of their own task, or the end of their own process."""
    answer = bomb(jailer, body)

    assert answer.outcome in (Outcome.MEMORY, Outcome.ERROR, Outcome.CRASHED)
    told = answer.message.lower()
    assert answer.outcome != Outcome.ERROR or "memory" in told or "allocate" in told


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("import os\nwhile True:\n    os.fork()", "PermissionError"),
        (
            "import threading, time\nwhile True:\n"
            "    threading.Thread(target=time.sleep, args=(9,)).start()",
            "RuntimeError",
        ),
        ("import subprocess\nsubprocess.run(['/bin/true'])", "PermissionError"),
    ],
)
def test_a_bomb_of_processes_does_not_start(jailer: Zygote, body: str, error: str) -> None:
    """Neither a process nor a thread can be made: the first attempt is an error of its task."""
    answer = bomb(jailer, body)

    assert answer.outcome == Outcome.ERROR
    assert answer.message.startswith(error)
