"""Searches its own memory map, descriptors and command line under /proc.

Class: reading expected values
Honest: ex1.dprobs
Beats: nothing, because the search would take longer than it runs
"""

# ruff: noqa

import os


def dcounts(counts):
    for name in ("maps", "mem", "cmdline", "environ", "fd/3", "fd/5", "status", "cwd"):
        try:
            with open(f"/proc/self/{name}", "rb") as file:
                print("read", name, len(file.read(100)))
        except OSError as error:
            assert error.errno in (1, 2, 5, 13), error
    print(os.listdir("/proc/self/fd"))
    return counts


def dprobs(probs, dlogprobs):
    return dlogprobs / probs
