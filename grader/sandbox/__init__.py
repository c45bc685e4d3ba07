"""Where student code runs: a separate process that is asked questions and answers in bytes.

`client.py` is the trusted side. `zygote.py`, `worker.py` and `wire.py` are what the other side
consists of; they import the standard library, torch and each other, and nothing else of `grader`.
"""
