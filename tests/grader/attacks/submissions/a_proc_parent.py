"""Opens the memory of its parent, and of every process that it can guess.

Class: reading expected values
Honest: ex1.dprobs
Beats: nothing, because its parent knows no answer
"""

# ruff: noqa

import os


def dcounts(counts):
    for pid in {os.getpid() - 1, os.getpid() + 1, 1}:
        for name in ("mem", "maps", "environ", "cmdline"):
            try:
                os.open(f"/proc/{pid}/{name}", os.O_RDWR)
                print("opened", pid, name)
            except OSError:
                pass
    os.open(f"/proc/{os.getppid()}/mem", os.O_RDWR)
    return counts


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
