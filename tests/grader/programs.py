"""Programs for an interpreter of their own that has imported torch: each runs in a fork of one that
waits, because importing torch takes longer than what they do.
"""

from __future__ import annotations

import json
import subprocess
import sys

WAITING = """
import json, os, sys, torch

def run(code, arguments):
    told, tell = os.pipe()  # no file: a program may have given up writing any
    pid = os.fork()
    if pid == 0:
        for descriptor, file in enumerate((os.open(os.devnull, os.O_RDONLY), tell)):
            os.dup2(file, descriptor)
        os.closerange(3, 256)
        sys.argv = ["-c", *arguments]
        ended = 1
        try:
            exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
            ended = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(ended)
    os.close(tell)
    with os.fdopen(told) as output:
        text = output.read()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text

for line in sys.stdin:
    print(json.dumps(run(*json.loads(line))), flush=True)
"""


class Interpreter:
    """An interpreter that has imported torch, and forks one for each program."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-B", "-c", WAITING],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Interpreter:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.communicate()

    def run(self, code: str, *arguments: str) -> str:
        """Run a program to its end; return what it printed. Fails if it ends with an error."""
        print(json.dumps([code, arguments]), file=self._process.stdin, flush=True)
        ended, told = json.loads(self._process.stdout.readline())
        assert ended == 0, (ended, told)
        return told
