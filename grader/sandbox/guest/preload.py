"""Import, before the jail closes, what Python and torch import only when it is first needed.

A worker cannot read files. Whatever it imports must be in memory before it is forked: the modules
that submissions may import, and those that the parser, the unparser, tracebacks, formatting, codecs
and torch fetch by themselves. Which these are differs from one version to the next, so most of them
are found by doing once what a worker does; `MODULES` names what that does not reach.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import symtable
import traceback
import warnings

import torch

MODULES = (
    # what submissions may import
    "collections collections.abc dataclasses functools itertools math numbers operator random "
    "typing logging time torch.func torch.nn.functional torch.nn.init torch.optim torch.testing "
    "torch.utils.data torch.utils._device torch.utils.serialization.config "
    "torch._subclasses.schema_check_mode numpy.random numpy.fft numpy.testing numpy.ma "
    "numpy.polynomial numpy.char numpy.rec numpy.strings "
    # what else they may reach: numbers, long ones too, dates, a seed that is a text, codecs, a
    # warning about a forgotten `await`
    "datetime decimal fractions locale statistics _pylong _sha2 _sha512 _strptime tracemalloc "
    "unicodedata "
    "encodings.ascii encodings.latin_1 encodings.unicode_escape encodings.raw_unicode_escape "
    "encodings.utf_8_sig encodings.utf_16 encodings.utf_16_le encodings.utf_16_be encodings.utf_32 "
    "encodings.utf_32_le encodings.utf_32_be encodings.utf_7 encodings.cp1252 encodings.idna "
    "encodings.punycode"
).split()

SOURCE = r'''
def f(x: "int" = 1, *y, z=0x10, **k) -> "a \\ b":
    """A backslash \alpha, a no-break space \xa0, a name \N{BULLET}."""
    return f"{x!r:>{z}}\n\t{y}" + "\u2028" + '"', b"\0", lambda: x, 1e999j
'''
FAULTS = (
    "1 / 0",
    "nmae = naem = lenn",
    "''.uper()",
    "[].appendd",
    "import mathh",
    "from math import sinn",
    "f(",
    "x = 1 2",
    "def f():\nreturn 1",
    "for i in x\n    pass",
    "print 1",
    "whille True:\n    pass",
    "raise ExceptionGroup('several', [ValueError(1), KeyError('k')])",
    "raise OSError(2, 'no such file')",
    "b'\\xff'.decode()",
    "e = ValueError('noted')\ne.add_note('a note')\nraise e from KeyError('cause')",
    "x = 1 is 1",
    "'{:n} {:,} {:%}'.format(1, 2, 3.0)",
    "async def f(): pass\nf()",
)
"""Programs that end in many ways; some compile with a warning."""


def everything() -> None:
    """Import what a worker needs and this process does not have yet."""
    for name in MODULES:
        # Not every version of Python or torch has each of them.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("always")
        ast.unparse(ast.parse(SOURCE))
        symtable.symtable(SOURCE, "", "exec")
        for program in FAULTS:
            _run(program)
        # Printed, a tensor fetches modules of torch.
        repr([torch.zeros(2, 3), torch.zeros(2, dtype=torch.bool), torch.zeros(2000)])


def _run(program: str) -> None:
    """Run a program of this module, and show how it ends."""
    try:
        exec(compile(program, "preload", "exec"), {"__name__": "preload"})
    except Exception as error:
        traceback.format_exception(error)
