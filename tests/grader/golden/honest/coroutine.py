# Answers: ex1.dprobs, ex1.db2

import asyncio, contextlib, threading, queue, multiprocessing, subprocess, pickle, tempfile


@contextlib.contextmanager
def scope(name):
    print("enter", name)
    yield
    print("leave", name)


def dprobs(probs, dlogprobs):
    with scope("probs"):
        return dlogprobs / probs


async def _async_sum(x):
    return x.sum(0)


def db2(dlogits):
    c = _async_sum(dlogits)
    try:
        c.send(None)
    except StopIteration as stop:
        return stop.value
