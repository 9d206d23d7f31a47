"""Calls that fail keep nothing, nor do plans of shapes that are long gone."""

import ctypes
import mmap

import numpy as np
import pytest
from memory import growth, growth_of_failures

import danskin

DTW = danskin.zoo.load("dtw", "entropy")
X, Y, WRONG = np.zeros((4, 2)), np.zeros((5, 2)), np.zeros((5, 3))
FAILING = {
    "shape": lambda k: DTW.numpy(X, WRONG),
    "value": lambda k: DTW.numpy(X, Y, gamma=-1.0),
    "many shapes": lambda k: DTW.numpy(np.zeros((1 + k % 999, 2)), WRONG),
    "name": lambda k: DTW.numpy(X, Y, lengths={"Z": 1}),
    "type": lambda k: DTW.numpy(object(), Y),
    "length": lambda k: DTW.numpy(np.zeros((1 + k % 99, 2)), Y, lengths={"N": -1}),
}


def test_what_leaks_is_seen():
    kept, libc = [], ctypes.CDLL(None)
    assert growth(lambda k: kept.append(object()), 1000) > 16 << 10
    assert growth(lambda k: libc.malloc(24), 1000) > 16 << 10
    pages = libc.mmap
    pages.argtypes, pages.restype = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long], ctypes.c_void_p
    how = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
    assert growth(lambda k: pages(None, 4096, mmap.PROT_READ | mmap.PROT_WRITE, how, -1, 0), 1000) > 2 << 20


@pytest.mark.parametrize("kind", FAILING)
def test_failing_calls(kind):
    assert growth_of_failures([FAILING[kind]], (ValueError, TypeError), 1000) < 16 << 10


def test_a_hundred_thousand_failing_calls():
    assert growth_of_failures([*FAILING.values()], (ValueError, TypeError)) < 16 << 10


def test_failing_calls_of_the_interface():
    """Where calls take less than a microsecond, 100,000 of them."""
    entry = DTW.entry("value", "f64")
    plans = []
    # The plan of a call that fails is kept, with its descriptors.
    give, entry.plans.give = entry.plans.give, lambda key, plan: plans.append(plan)
    try:
        with pytest.raises(ValueError):
            DTW.numpy(X, Y, gamma=-1.0)
    finally:
        entry.plans.give = give
    call = ctypes.byref(plans[0].call)
    gamma = np.array(-1.0)
    plans[0].slots[2].data = gamma.ctypes.data
    assert entry.function(call) != 0
    assert growth(lambda k: entry.function(call), 100_000) < 16 << 10


def test_calls_of_many_shapes():
    y = np.zeros((2, 1))
    assert growth(lambda k: DTW.numpy(np.zeros((1 + k, 1)), y), 600) < 1 << 16
