"""Calls that fail keep nothing."""

import pytest
import torch
from memory import growth

import danskin

DTW = danskin.zoo.load("dtw", "entropy").torch
X, Y = torch.zeros(4, 2, requires_grad=True), torch.zeros(5, 2)
FAILING = {
    "shape": lambda k: DTW(X, torch.zeros(5, 3)),
    "value": lambda k: DTW(X, Y, gamma=-1.0),
    "many shapes": lambda k: DTW(torch.zeros(1 + k % 99, 2), Y, gamma=-1.0 - k),
    "torch.func": lambda k: torch.func.grad(DTW)(X.detach(), Y, gamma=-1.0),
}


@pytest.mark.parametrize("kind", FAILING)
def test_failing_calls(kind):
    def fail(k):
        with pytest.raises(ValueError):
            FAILING[kind](k)

    assert growth(fail, 1000) < 16 << 10


@pytest.mark.parametrize("kind", ["value", "shape"])
def test_a_hundred_thousand_failing_calls(kind):
    """Memory stays what it was: three rounds of 34,000."""
    call, failed = FAILING[kind], 0

    def fail(k):
        nonlocal failed
        try:
            call(k)
        except ValueError:
            failed += 1

    assert growth(fail, 34_000) < 16 << 10
    assert failed == 102_000
