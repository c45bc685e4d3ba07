"""Differentiation is not there: torch's own is overwritten before a worker is forked."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from programs import Interpreter

from grader.sandbox.host.zygote import Zygote

SANDBOX = Path(__file__).parents[2] / "grader" / "sandbox"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the trap is for Linux")


@pytest.fixture
def run(interpreter: Interpreter) -> Callable[..., str]:
    """Run code in an interpreter that imports as a zygote does; return what it printed."""
    head = f"import os, sys\nsys.path.insert(0, {str(SANDBOX)!r})\n"
    return lambda code, *arguments: interpreter.run(head + textwrap.dedent(code), *arguments)


IN_CHILDREN = """
import json, torch
from guest import no_autograd
from guest.jail import derivatives, trap
torch.set_num_threads(1)
torch.backends.mkldnn.set_flags(False)

def ended(function):
    pid = os.fork()
    if pid == 0:
        code = 9
        try:
            function()
            code = 0
        except NotImplementedError:
            code = 2
        except Exception:
            code = 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""


def test_no_way_to_differentiate_is_left(thorough: Zygote) -> None:
    """In the jail, every way that is known ends in the trap or in an exception."""
    assert thorough.isolation.level == "jail"
    assert "no differentiation" in thorough.isolation.active
    assert len(thorough.isolation.ways) >= 40
    assert [name for name, refused in thorough.isolation.ways.items() if not refused] == []


def test_what_was_overwritten_does_not_come_back(run: Callable[..., str]) -> None:
    """No advice to the kernel brings a library's own pages back, and the copy cannot be written."""
    told = run(
        IN_CHILDREN
        + """
import ctypes, mmap
from pathlib import Path
trap.install(no_autograd.refuse)
libc = ctypes.CDLL(None, use_errno=True)
way = lambda: torch.ops.aten.tanh_backward(torch.ones(2), torch.ones(2))

def forgotten():
    for line in Path("/proc/self/maps").read_text().splitlines():
        if "memfd" in line:
            first, last = (int(x, 16) for x in line.split()[0].split("-"))
            for advice in (4, 8, 9):  # MADV_DONTNEED, MADV_FREE, MADV_REMOVE
                libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), advice)
    way()

mapped = [line for line in Path("/proc/self/maps").read_text().splitlines() if "memfd" in line]
print(json.dumps([ended(way), ended(forgotten), len(mapped), [l.split()[1] for l in mapped]]))
sys.stdout.flush()
os._exit(0)
"""
    )
    at_once, forgotten, mapped, modes = json.loads(told)
    assert at_once < 0
    assert at_once == forgotten
    assert mapped > 0
    assert set(modes) == {"r-xp"}


def test_a_program_can_be_run_forward(run: Callable[..., str]) -> None:
    """Layers, losses and training by hand run as before, and a graph may be built and freed."""
    told = run(
        IN_CHILDREN
        + """
trap.install(no_autograd.refuse)

def forward():
    x, y = torch.randn(8, 5), torch.randint(0, 3, (8,))
    layers = torch.nn.Sequential(
        torch.nn.Linear(5, 4), torch.nn.BatchNorm1d(4), torch.nn.Tanh(), torch.nn.Linear(4, 3))
    loss = torch.nn.functional.cross_entropy(layers(x), y)
    assert loss.grad_fn is not None
    del loss, layers
    torch.linalg.svd(torch.randn(4, 4)), torch.fft.ifft(torch.randn(8)), torch.randn(9).sort()
    torch.nn.functional.conv1d(torch.randn(1, 2, 5), torch.randn(3, 2, 2))

print(ended(forward))
sys.stdout.flush()
os._exit(0)
"""
    )
    assert told.split() == ["0"]


@pytest.mark.parametrize(
    "broken",
    [
        "trap.TRAPS.clear()",
        "trap.overwrite = lambda *_: (_ for _ in ()).throw(OSError(1, 'refused'))",
        "trap.mapped_code = lambda folder: iter(())",
    ],
    ids=["an unknown machine", "a kernel that refuses", "an unknown build"],
)
def test_where_it_cannot_be_had_there_is_no_jail(run: Callable[..., str], broken: str) -> None:
    """The level says what is missing, and it is no jail."""
    told = run(
        f"""
import json
from guest import zygote
from guest.jail import derivatives, trap
{broken}
jailer = zygote.Jailer("best", zygote.without_differentiation(""), derivatives.few())
print(json.dumps({{"level": jailer.level, **jailer.told}}))
sys.stdout.flush()
os._exit(0)
"""
    )
    found = json.loads(told)
    assert found["level"] == "process"
    assert [layer for layer in found["missing"] if layer.startswith("no differentiation (")]
    assert "no differentiation" not in found["active"]


def test_a_trap_that_does_not_hold_is_no_layer(run: Callable[..., str]) -> None:
    """The trials decide: where a way still works, the layer is missing, by the way's name."""
    told = run(
        """
import json
from guest import zygote
from guest.jail import derivatives, trap
jailer = zygote.Jailer("best", "", derivatives.few())  # nothing was overwritten
print(json.dumps({"level": jailer.level, **jailer.told}))
sys.stdout.flush()
os._exit(0)
"""
    )
    found = json.loads(told)
    assert found["level"] == "process"
    assert any("'backward()' works" in layer for layer in found["missing"])


def test_what_is_remembered_of_a_build_is_what_its_symbols_say(
    run: Callable[..., str], tmp_path: Path
) -> None:
    """A second start reads a file in place of half a million symbols, and overwrites the same; a
    file that is broken, or a folder that cannot be written, costs time only.
    """
    told = run(
        """
import json, torch
from pathlib import Path
from guest.jail import elf, trap
cache, nowhere = Path(sys.argv[1]) / "new", Path("/proc/none")
library = next(
    elf.Library(path) for path, *_ in trap.mapped_code(os.path.dirname(torch.__file__))
    if path.name == "libtorch_cpu.so")
fresh = trap.derivatives_of(library)
found = [trap.remembered(library, folder) for folder in (cache, cache, nowhere, None)]
(file,) = cache.iterdir()
whole = file.read_bytes()
for broken in (b"", b"broken", whole[:-8], whole[:-16], whole + bytes(16)):
    file.write_bytes(broken)
    found.append(trap.remembered(library, cache))
print(json.dumps([len(fresh), [one == fresh for one in found]]))
""",
        str(tmp_path),
    )
    count, same = json.loads(told)
    assert count > 2 * 3000
    assert same == [True] * 9


def test_kernels_of_onednn_are_overwritten_too(run) -> None:
    """Whoever knows where a build keeps them finds a trap there, but for convolutions."""
    told = run(
        """
import json, torch
from guest.jail import elf, trap
library = next(
    elf.Library(path) for path, *_ in trap.mapped_code(os.path.dirname(torch.__file__))
    if path.name == "libtorch_cpu.so")
is_softmax = lambda name: b"softmax" in name and b"graph" not in name and (
    b"execute" in name or name.startswith(b"dnnl_"))
kernels = library.complete.functions((b"_bwd_t", b"softmax_backward_primitive"), is_softmax)
print(json.dumps([len(kernels), len(kernels.keys() - set(trap.derivatives_of(library)[::2]))]))
"""
    )
    known, left = json.loads(told)
    if not known:
        pytest.skip("this build has no oneDNN, or does not name it")
    assert left == 0


def test_what_is_overwritten_has_the_name_of_a_derivative(run: Callable[..., str]) -> None:
    """No function with a harmless name is touched, even where a linker folded two into one."""
    told = run(
        """
import json, torch
from guest.jail import elf, trap
harmless = []
for path, *_ in trap.mapped_code(os.path.dirname(torch.__file__)):
    library = elf.Library(path)
    found = trap.derivatives_of(library)
    for _, name in library.complete.names_at(set(found[::2])):
        if not any(word in name for word in trap.WORDS):
            harmless.append(name.decode())
print(json.dumps(harmless))
"""
    )
    assert json.loads(told) == []


FORWARD = """
import itertools, json, signal, torch
torch.set_num_threads(1)
torch.backends.mkldnn.set_flags(False)
from torch.testing._internal.common_methods_invocations import op_db
from guest import no_autograd
from guest.jail import trap
trap.install(no_autograd.refuse)

def run(op):
    dtype = torch.float32 if torch.float32 in op.dtypes else min(op.dtypes, key=str)
    for sample in itertools.islice(op.sample_inputs("cpu", dtype), 3):
        op(sample.input, *sample.args, **sample.kwargs)

told = {}
for op in op_db[:: int(sys.argv[1])]:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.alarm(100)
            with torch.no_grad():
                run(op)
            code = 0
        except no_autograd.AutogradIsOffError:
            code = 2
        finally:
            os._exit(code)
    told[f"{op.name} {op.variant_test_name}".strip()] = os.waitstatus_to_exitcode(
        os.waitpid(pid, 0)[1])
print(json.dumps(told))
sys.stdout.flush()
os._exit(0)
"""


@pytest.mark.parametrize(
    "step", [50, pytest.param(1, marks=pytest.mark.exhaustive)], ids=["some", "all"]
)
def test_operators_of_torch_run_forward(run: Callable[..., str], step: int) -> None:
    """Torch's own table of operators, with its sample inputs: none that is not a backward operator
    meets a trap. Some need another device, or raise for other reasons.
    """
    told = json.loads(run(FORWARD, str(step)).splitlines()[-1])
    met = [name for name, code in told.items() if code < 0 or code == 2]
    assert len(told) > 500 / step
    assert sum(code == 0 for code in told.values()) > 0.95 * len(told) - (step > 1)
    assert [name for name in met if "backward" not in name] == []
