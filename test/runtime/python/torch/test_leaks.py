"""Calls that fail keep nothing: 100,000 of them run in constant memory."""

import gc
import pathlib

import pytest
import torch

import danskin

CALLS = 100_000
DTW = danskin.zoo.load("dtw", "entropy").torch
X, Y = torch.zeros(4, 2, requires_grad=True), torch.zeros(5, 2)
FAILING = (
    lambda k: DTW(X, torch.zeros(5, 3)),
    lambda k: DTW(X, Y, gamma=-1.0),
    lambda k: DTW(torch.zeros(1 + k % 999, 2), Y, gamma=-1.0 - k),
    lambda k: torch.func.grad(DTW)(X.detach(), Y, gamma=-1.0),
)


def resident():
    """Bytes in memory."""
    gc.collect()
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * 4096


def run(count):
    for k in range(count):
        with pytest.raises(ValueError):
            FAILING[k % len(FAILING)](k)


def test_failing_calls():
    run(8000)
    before = resident()
    run(CALLS)
    assert resident() - before < 8 << 20
