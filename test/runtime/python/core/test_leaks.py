"""Calls that fail keep nothing: 100,000 of them run in constant memory."""

import gc
import pathlib

import numpy as np

import danskin

ROUNDS, CALLS = 5, 20_000


def resident():
    """Bytes in memory."""
    gc.collect()
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * 4096


def fails(call, *arguments, **named):
    try:
        call(*arguments, **named)
    except (ValueError, TypeError):
        return
    raise AssertionError("no error")


def numpy_calls():
    dtw = danskin.zoo.load("dtw", "entropy").numpy
    x, y, wrong = np.zeros((4, 2)), np.zeros((5, 2)), np.zeros((5, 3))
    yield lambda k: fails(dtw, x, wrong)
    yield lambda k: fails(dtw, x, y, gamma=-1.0)
    yield lambda k: fails(dtw, np.zeros((1 + k % 999, 2)), wrong)
    yield lambda k: fails(dtw, np.zeros((1 + k % 999, 2)), y, lengths={"N": -1})


def test_failing_calls():
    calls = list(numpy_calls())
    for each in calls:
        for k in range(2000):
            each(k)
    before = resident()
    for _ in range(ROUNDS):
        for k in range(CALLS):
            calls[k % len(calls)](k)
    assert resident() - before < 8 << 20


def test_calls_of_many_shapes():
    """Plans of shapes that are long gone are forgotten."""
    dtw = danskin.zoo.load("dtw", "entropy").numpy
    y = np.zeros((2, 1))
    for n in range(1, 600):
        dtw(np.zeros((n, 1)), y)
    before = resident()
    for n in range(600, 6000):
        dtw(np.zeros((n, 1)), y)
    assert resident() - before < 16 << 20
