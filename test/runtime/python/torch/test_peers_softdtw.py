"""Soft-DTW against tslearn: value, alignment and gradient."""

import os

# Series of a few points: compiling the peer would take longer than calling it.
os.environ["NUMBA_DISABLE_JIT"] = "1"

import numpy as np  # noqa: E402
import pytest  # noqa: E402
import torch  # noqa: E402
from tslearn.metrics import (  # noqa: E402
    SoftDTW,
    SoftDTWLossPyTorch,
    SquaredEuclidean,
    cdist_soft_dtw,
    cdist_soft_dtw_normalized,
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


def close(found, expected, tolerance=1e-9):
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def pad(series):
    """(series as one tensor, NaN where one is shorter; their lengths)."""
    lengths = torch.tensor([len(each) for each in series])
    padded = torch.full((len(series), int(lengths.max()), series[0].shape[1]), torch.nan, dtype=torch.float64)
    for row, each in zip(padded, series):
        row[: len(each)] = torch.as_tensor(each)
    return padded, lengths


def cross(series, others, gamma):
    """What the peer calls cdist, as one batch of all pairs."""
    (x, n), (y, m) = pad(series), pad(others)
    values = SOFT.torch(x.repeat_interleave(len(y), 0), y.repeat(len(x), 1, 1), gamma=gamma,
                        lengths={"N": n.repeat_interleave(len(y)), "M": m.repeat(len(x))})  # fmt: skip
    return values.reshape(len(x), len(y)).numpy()


def normalize(series, others, gamma):
    own = [np.diag(cross(each, each, gamma)) for each in (series, others)]
    return cross(series, others, gamma) - 0.5 * (own[0][:, None] + own[1][None])


def test_without_smoothing_it_is_the_hard_path():
    x, y = draw(10, 2), draw(30, 2, seed=1)
    path, distance = dtw_path(x, y)
    best = HARD.numpy.argmax(x, y)
    close(best.value, soft_dtw(x, y, gamma=0.0))
    close(best.value, distance**2)
    close(best.value, sum(((x[i] - y[j]) ** 2).sum() for i, j in path))
    assert [step.index for step in reversed(best.path())] == path
    close(SOFT.numpy(x, y, gamma=1e-6), best.value, 1e-3)
    np.testing.assert_allclose(SOFT.numpy.grad(x, y, wrt="d", gamma=1e-6), HARD.numpy.grad(x, y, wrt="d"), atol=1e-9)


@pytest.mark.parametrize("gamma", [1e-3, 0.1, 1.0, 100.0])
def test_two_points(gamma):
    """One pair, one path: there is nothing to smooth."""
    zero, one = np.array([[0.0]]), np.array([[1.0]])
    assert SOFT.numpy(zero, one, gamma=gamma) == soft_dtw(zero, one, gamma=gamma) == HARD.numpy(zero, one) == 1
    close(cross([zero, one], [zero, one], gamma), [[0, 1], [1, 0]])
    close(normalize([zero, one], [zero, one], gamma), [[0, 1], [1, 0]])
    assert SOFT.numpy.grad(zero, one, wrt="y", gamma=gamma) == 2


def test_published_values():
    """Those of its manual."""
    series = [np.array(each, float)[:, None] for each in ([1, 2, 2, 3], [1, 2, 3, 4], [1, 2, 3, 3], [1, 2, 2.1, 3.2])]
    # Of three digits each, cut off.
    np.testing.assert_allclose(SOFT.numpy(series[0], series[1]), -0.895, atol=0.0051)
    np.testing.assert_allclose(SOFT.numpy(series[2], series[3], gamma=0.01), 0.0895, atol=0.00051)
    np.testing.assert_allclose(cross(series[:2], series[:2], 0.01), [[-0.01098612, 1], [1, 0]], atol=1e-8)
    for width, value, gradient in ((1, 41.1876, (-4.0001, -2.2852, 10.1643)), (2, 83.2951, (-4.0, -2.0261, 10.0206))):
        x = torch.tensor([[1.0], [2.0], [3.0]]).repeat(1, width).requires_grad_()
        found = SOFT.torch(x, torch.tensor([[3.0], [4.0], [-3.0]]).repeat(1, width))
        close(found.item(), value, 1e-4)
        (grad,) = torch.autograd.grad(found, x)
        for column in grad.T:
            close(column, gradient, 1e-4)
    x = torch.zeros((4, 3, 2), requires_grad=True)
    y = torch.arange(0, 24).reshape(4, 3, 2).float()
    mean = SOFT.torch(x, y, gamma=0.1).mean()
    close(mean.item(), 1081, 1e-4)
    close(torch.autograd.grad(mean, x)[0], -y / 2, 1e-3)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("gamma", [0.1, 1.0])
def test_all_pairs(seed, gamma):
    """Also as the divergence, which is at least 0, symmetric, and 0 of two that are the same."""
    lengths = np.random.default_rng(seed).integers(1, 9, 7)
    series = [draw(n, 2, seed=seed + 10 * k) for k, n in enumerate(lengths)]
    first, second = series[:4], series[4:]
    padded = [pad(each)[0].numpy() for each in (first, second)]
    close(cross(first, second, gamma), cdist_soft_dtw(*padded, gamma=gamma))
    close(cross(first, first, gamma), cdist_soft_dtw(padded[0], gamma=gamma))
    found = normalize(series, series, gamma)
    close(found[:4, 4:], cdist_soft_dtw_normalized(*padded, gamma=gamma))
    close(found[:4, :4], cdist_soft_dtw_normalized(padded[0], gamma=gamma))
    close(found, found.T)
    assert (found >= -1e-12).all()
    close(np.diag(found), 0)


@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("gamma", [0.1, 1.0])
def test_its_loss_for_pytorch(gamma, normalized):
    """The peer rounds to float32 within."""
    x, y = (torch.tensor(draw(3, n, 2, seed=n)) for n in (6, 4))
    weights = torch.linspace(0.5, 2, 3, dtype=torch.float64)

    def loss(x, y):
        value = SOFT.torch(x, y, gamma=gamma)
        return value - 0.5 * (SOFT.torch(x, x, gamma=gamma) + SOFT.torch(y, y, gamma=gamma)) if normalized else value

    results = []
    for f in (loss, SoftDTWLossPyTorch(gamma=gamma, normalize=normalized)):
        one, other = x.clone().requires_grad_(), y.clone().requires_grad_()
        value = f(one, other)
        results.append((value.detach(), *torch.autograd.grad((weights * value).sum(), (one, other))))
    for found, expected in zip(*results):
        close(found, expected, 1e-5)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("gamma", [0.1, 1.0])
def test_batches_that_are_ragged_on_both_sides(seed, gamma):
    random = np.random.default_rng(seed)
    pairs = [(random.normal(size=(n, 3)), random.normal(size=(m, 3))) for n, m in random.integers(1, 12, (6, 2))]
    (x, n), (y, m) = (pad([pair[side] for pair in pairs]) for side in (0, 1))
    x, y, lengths = x.requires_grad_(), y.requires_grad_(), {"N": n, "M": m}
    value = SOFT.torch(x, y, gamma=gamma, lengths=lengths)
    grads = torch.autograd.grad(value.sum(), (x, y))
    alignments = SOFT.torch.grad(x.detach(), y.detach(), wrt="d", gamma=gamma, lengths=lengths)
    for b, (one, other) in enumerate(pairs):
        for grad, places in ((grads[0], len(one)), (grads[1], len(other))):
            assert (grad[b, places:] == 0).all()
        for k, (first, second) in enumerate(((one, other), (other, one))):
            distance = SquaredEuclidean(first, second)
            peer = SoftDTW(distance, gamma=gamma)
            close(value[b].item(), peer.compute())
            alignment = peer.grad()
            expected = distance.jacobian_product(alignment)
            np.testing.assert_allclose(grads[k][b, : len(first)], expected, rtol=1e-6, atol=1e-8)
            if k == 0:
                np.testing.assert_allclose(alignments[b, : len(one), : len(other)], alignment, rtol=1e-6, atol=1e-8)
        assert (alignments[b, len(one) :] == 0).all() and (alignments[b, :, len(other) :] == 0).all()
