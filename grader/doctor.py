"""What this machine's jail is worth: its layers, what is missing, what an inmate could not do."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.errors import SandboxError
from grader.sandbox.host.zygote import Isolation, Zygote

# What to do about a missing layer, by how its name begins. A jail needs the resource limits, no new
# privileges and seccomp; the other layers stand behind these.
ADVICE = {
    "the jail": "There is one on Linux only: use a Linux machine, a virtual machine or a container "
    "to grade untrusted submissions. Your own code can be checked here, at level process.",
    "seccomp (no allow-list": "There are allow-lists for x86_64 and aarch64 only: use a machine of "
    "one of these architectures.",
    "seccomp": "The kernel does not take a filter: it may be built without CONFIG_SECCOMP_FILTER, "
    "or the profile of this container, or its emulation of Linux (gVisor), may forbid filters. "
    "Allow the seccomp and prctl system calls in the profile.",
    "landlock": "Landlock needs Linux 5.13, built in and listed in the boot parameter lsm=, and a "
    "container profile that lets its three system calls pass. The jail holds without it: seccomp "
    "refuses every call that takes a path.",
    "no new privileges": "The profile of this container may forbid prctl: allow it.",
    "resource limits": "A limit of this session is lower than what a worker needs, or is fixed: "
    "see `ulimit -a`.",
    "a limit of memory": "This system does not tell what a process has mapped: mount /proc.",
    "no processes": "The limit on processes of this session is fixed: see `ulimit -u`. The jail "
    "holds without it.",
    "no groups": "This container lacks CAP_SETGID: run the grader as a user who is not root. The "
    "jail holds without it.",
    "user of its own": "Workers share root's identity, because this container lacks CAP_SETUID or "
    "CAP_SETGID: run the grader as a user who is not root. The jail holds without it.",
    "not traceable": "The profile of this container may forbid prctl. The jail holds without it.",
    "dies with the zygote": "The profile of this container may forbid prctl. The jail holds "
    "without it, but a grader that is killed may leave a worker behind.",
    "no differentiation": "Torch's own differentiation could not be taken out of the workers' "
    "memory. It needs Linux on x86-64 or aarch64, files in memory (memfd_create) that may be "
    "mapped as code (see the setting vm.memfd_noexec), and a build of torch whose functions have "
    "their usual names.",
    "a child": "The process that was to try the jail died before it could tell: see the kernel's "
    "log (dmesg, or the audit log) for what ended it.",
}
WORTH = {
    "jail": "Level jail: this machine can grade untrusted submissions.",
    "process": "Level process: limits of time and memory only. Grade nothing but your own code "
    "here; `grader grade` refuses unless it is told `--isolation process`.",
    "leak": "The jail leaks: do not grade untrusted submissions here before what is NOT refused "
    "above is.",
}
TRIVIA, DIFFERENTIATION = "trivia", "differentiation"


@dataclass(frozen=True)
class Probe:
    """An attempt to break out; trivia tell nothing about anybody else."""

    category: str
    name: str
    refused: bool

    @property
    def escaped(self) -> bool:
        """Tell whether this is a hole in a jail."""
        return not self.refused and self.category != TRIVIA


@dataclass(frozen=True)
class Diagnosis:
    """What a zygote tells about its workers, told for a person."""

    isolation: Isolation

    @property
    def probes(self) -> list[Probe]:
        """The attempts to get out and to differentiate, in the order in which they were made."""
        found = []
        for text, refused in self.isolation.probes.items():
            category, _, name = text.partition(": ")
            found.append(Probe(category, name, refused))
        ways = self.isolation.ways.items()
        return [*found, *(Probe(DIFFERENTIATION, name, refused) for name, refused in ways)]

    @property
    def healthy(self) -> bool:
        """Tell whether untrusted submissions can be graded: a jail, and nobody got out."""
        escaped = any(probe.escaped for probe in self.probes)
        return self.isolation.level == "jail" and not escaped

    @property
    def worth(self) -> str:
        """Say what the level is worth."""
        leaks = self.isolation.level == "jail" and not self.healthy
        return WORTH["leak" if leaks else self.isolation.level]


def examine() -> Diagnosis:
    """Start a zygote and let it try its jail. Raises SandboxError if it does not start at all."""
    if platform.system() == "Windows":
        raise SandboxError("it needs Linux, or macOS for your own code; on Windows, use WSL 2")
    with Zygote("best", thorough=True) as zygote:
        return Diagnosis(zygote.isolation)


def advice(missing: str) -> str:
    """Say what to do about a missing layer."""
    return next((text for name, text in ADVICE.items() if missing.startswith(name)), "")


def machine() -> str:
    """Name the kernel and the architecture."""
    return f"{platform.system()} {platform.release()}, {platform.machine()}"


def as_json(diagnosis: Diagnosis) -> str:
    """Return everything for machines to read."""
    isolation = diagnosis.isolation
    told = {
        "healthy": diagnosis.healthy,
        "level": isolation.level,
        "machine": machine(),
        "layers": list(isolation.active),
        "missing": [{"layer": layer, "advice": advice(layer)} for layer in isolation.missing],
        "probes": [
            {"category": probe.category, "name": probe.name, "refused": probe.refused}
            for probe in diagnosis.probes
        ],
        "worth": diagnosis.worth,
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def show(diagnosis: Diagnosis, console: Console) -> None:
    """Print the diagnosis, at most 80 columns wide."""
    isolation = diagnosis.isolation
    style = "green" if diagnosis.healthy else "red"
    console.print(Text.assemble("level: ", (isolation.level, f"bold {style}")))
    console.print(f"machine: {machine()}", markup=False)
    console.print(f"layers: {', '.join(isolation.active) or 'none'}", markup=False)
    for layer in isolation.missing:
        console.print(Text(f"missing: {layer}", style="yellow"))
        console.print(Padding(Text(advice(layer)), (0, 0, 0, 2)))
    if diagnosis.probes:
        console.print(Group(*_attempts(diagnosis.probes)))
    console.print(Text(f"\n{diagnosis.worth}", style=style))


def _attempts(probes: list[Probe]) -> Iterator[RenderableType]:
    """Yield a heading and a table for each category, the trivia at the end."""
    refused = sum(probe.refused for probe in probes)
    yield Text(
        f"\n{len(probes)} attempts to break out or to differentiate, {refused} of them refused"
    )
    categories = dict.fromkeys(probe.category for probe in probes)
    for category in sorted(categories, key=lambda name: name == TRIVIA):
        yield Text(f"\n{category}", style="bold")
        yield _table([probe for probe in probes if probe.category == category])


def _table(probes: list[Probe]) -> Table:
    """Return the attempts of one category in two columns."""
    table = Table(box=None, show_header=False, padding=(0, 1), show_edge=False)
    for _ in range(2):
        table.add_column(no_wrap=True, min_width=len("NOT refused"))
        table.add_column(min_width=25)
    cells = [cell for probe in probes for cell in (_mark(probe), Text(probe.name))]
    for start in range(0, len(cells), 4):
        table.add_row(*cells[start : start + 4])
    return table


def _mark(probe: Probe) -> Text:
    """Say what came of an attempt. Words, not colours only, for they may be read without."""
    if probe.refused:
        return Text("refused", style="green")
    return Text("NOT refused", style="bold red" if probe.escaped else "dim")
