"""Soft-DTW against tslearn: value, alignment and gradient."""

import os

# Series of a few points: compiling the peer would take longer than calling it.
os.environ["NUMBA_DISABLE_JIT"] = "1"

import numpy as np  # noqa: E402
import pytest  # noqa: E402
import torch  # noqa: E402
from tslearn.metrics import (  # noqa: E402
    SoftDTW,
    SquaredEuclidean,
    dtw_path,
    gamma_soft_dtw,
    soft_dtw,
    soft_dtw_alignment,
)

import danskin  # noqa: E402

SOFT, HARD = danskin.zoo.load("dtw", "entropy"), danskin.zoo.load("dtw", "hard")
# Lengths as its own tests have them, and ragged ones.
CASES = [(n, m, k, gamma) for n, m, k in ((1, 1, 1), (10, 8, 1), (15, 15, 3), (4, 9, 2)) for gamma in (0.01, 0.1, 1, 10)]


@pytest.fixture(params=CASES, ids=str)
def case(request):
    n, m, k, gamma = request.param
    random = np.random.default_rng(n * m)
    return random.normal(size=(n, k)), random.normal(size=(m, k)), float(gamma)


def test_value(case):
    x, y, gamma = case
    np.testing.assert_allclose(SOFT.numpy(x, y, gamma=gamma), soft_dtw(x, y, gamma=gamma), rtol=1e-9, atol=1e-9)


def test_alignment(case):
    x, y, gamma = case
    alignment, value = soft_dtw_alignment(x, y, gamma=gamma)
    np.testing.assert_allclose(SOFT.numpy(x, y, gamma=gamma), value, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(SOFT.numpy.grad(x, y, wrt="d", gamma=gamma), alignment, rtol=1e-6, atol=1e-8)


def test_gradient(case):
    x, y, gamma = case
    distance = SquaredEuclidean(x, y)
    peer = SoftDTW(distance, gamma=gamma)
    value = peer.compute()
    expected = distance.jacobian_product(peer.grad())
    one = torch.tensor(x, requires_grad=True)
    found = SOFT.torch(one, torch.tensor(y), gamma=gamma)
    np.testing.assert_allclose(found.item(), value, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(torch.autograd.grad(found, one)[0], expected, rtol=1e-6, atol=1e-8)


def test_hard_path(case):
    x, y, _ = case
    path, distance = dtw_path(x, y)
    best = HARD.numpy.argmax(x, y)
    np.testing.assert_allclose(best.value, distance**2, rtol=1e-9, atol=1e-12)
    assert [step.index for step in reversed(best.path())] == path


def test_series_of_different_lengths():
    """Its own test of a data set with series of different lengths."""
    series = [np.array([[1.0], [2.0], [2.0], [3.0], [4.0]]), np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([[5.0]])]
    padded = np.full((3, 5, 1), np.nan)
    for row, each in zip(padded, series):
        row[: len(each)] = each
    lengths = np.array([len(each) for each in series])
    gamma = gamma_soft_dtw(padded[:2])
    for each in series:
        found = SOFT.numpy(padded, each, lengths={"N": lengths}, gamma=gamma)
        np.testing.assert_allclose(found, [soft_dtw(other, each, gamma=gamma) for other in series], rtol=1e-9, atol=1e-9)
