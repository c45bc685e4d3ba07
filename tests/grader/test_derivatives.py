"""The ways to differentiate that a worker must not have do differentiate in plain torch.

A way that gives no gradient anywhere would pass for one that the jail has closed.
"""

# The expected value comes first in a comparison.
# ruff: noqa: SIM300

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import pytest
from programs import Interpreter

from grader.sandbox.guest.jail import derivatives

# Each way in a process of its own, as a zygote tries it. What torch imports on the way it imports
# once, before.
PROGRAM = """
import json, os, sys
import torch, torch.func, torch.nn.functional
import torch._decomp.decompositions_for_jvp, torch._dynamo, torch.fx.experimental.symbolic_shapes
sys.path.insert(0, sys.argv[1])
from guest.jail import derivatives

def tried(way):
    told, tell = os.pipe()
    if os.fork() == 0:
        result = "ended"
        try:
            found, known = way()
            same = torch.allclose(found.detach(), known, atol=1e-5)
            result = "zero" if not known.any() else "gradient" if same else "another"
        except BaseException as error:
            result = f"{type(error).__name__}: {error}"[:200]
        os.write(tell, result.encode())
        os._exit(0)
    os.close(tell)
    with os.fdopen(told) as pipe:
        result = pipe.read()
    os.wait()
    return result

torch.set_num_threads(1)
print(json.dumps({name: tried(way) for name, way in derivatives.WAYS}))
"""
SANDBOX = Path(__file__).parents[2] / "grader" / "sandbox"


@pytest.mark.skipif(sys.platform != "linux", reason="a way may end its process, which is forked")
def test_every_way_gives_the_gradient_in_plain_torch(interpreter: Interpreter) -> None:
    """Where nothing is closed, each way gives the gradient that its formula gives, not all zero."""
    told = json.loads(interpreter.run(PROGRAM, str(SANDBOX)).splitlines()[-1])
    absent = {name for name, said in told.items() if said.startswith("NotImplementedError")}

    assert {} == {name: s for name, s in told.items() if s != "gradient" and name not in absent}
    assert len(told) - len(absent) >= 60


def test_the_names_tell_the_ways_apart() -> None:
    """A report that names a way names one."""
    assert [] == [name for name, n in Counter(n for n, _ in derivatives.WAYS).items() if n > 1]


def raising(error: Exception) -> derivatives.Way:
    """Return a way that ends with an exception."""

    def way() -> object:
        raise error

    return way  # type: ignore[return-value]


def test_what_is_refused_or_wrong_gives_nothing() -> None:
    """An exception, no tensor, and wrong numbers are no gradient; a right one is."""
    import torch

    one, two = torch.ones(3), torch.full((3,), 2.0)

    assert derivatives.gives(lambda: (one, torch.ones(3)))
    assert not derivatives.gives(lambda: (one, two))
    assert not derivatives.gives(lambda: (None, one))
    assert not derivatives.gives(raising(RuntimeError("switched off")))


@pytest.mark.parametrize("error", [ImportError("no file"), NotImplementedError("not loaded")])
def test_what_is_not_there_is_told_apart_from_what_is_refused(error: Exception) -> None:
    """A way that needs a module that is not loaded says nothing about the jail."""
    with pytest.raises(NotImplementedError):
        derivatives.gives(raising(error))
