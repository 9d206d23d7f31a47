"""Calls that fail keep nothing, nor do plans of shapes that are long gone."""

import ctypes

import numpy as np
import pytest
from memory import growth

import danskin

DTW = danskin.zoo.load("dtw", "entropy")
X, Y, WRONG = np.zeros((4, 2)), np.zeros((5, 2)), np.zeros((5, 3))
FAILING = {
    "shape": lambda k: DTW.numpy(X, WRONG),
    "value": lambda k: DTW.numpy(X, Y, gamma=-1.0),
    "many shapes": lambda k: DTW.numpy(np.zeros((1 + k % 999, 2)), WRONG),
    "length": lambda k: DTW.numpy(np.zeros((1 + k % 99, 2)), Y, lengths={"N": -1}),
}


def test_what_leaks_is_seen():
    kept, malloc = [], ctypes.CDLL(None).malloc
    assert growth(lambda k: kept.append(object()), 1000) > 16 << 10
    assert growth(lambda k: malloc(24), 1000) > 16 << 10


@pytest.mark.parametrize("kind", FAILING)
def test_failing_calls(kind):
    def fail(k):
        with pytest.raises((ValueError, TypeError)):
            FAILING[kind](k)

    assert growth(fail, 1000) < 16 << 10


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
