"""Soft-DTW from features: value, and gradients of both series."""

import numpy as np

import limits
from case import Case, Contender
from ours import ours
from peers import dtw_numba, dtw_packages, dtw_torch

B, N, GAMMA = 64, 256, 1.0
RESULTS = {"value": "cost", "grad.x": "grad.x", "grad.y": "grad.y"}


def series(k):
    generator = np.random.default_rng(k)
    x, y = generator.normal(size=(2, B, N, k)).astype("f4") / np.float32(np.sqrt(k))
    return x, y


def by_matrix(matrix_gradient, x, y):
    """Distances, the gradient of a matrix of costs, and back: three calls."""

    def call():
        square = (x * x).sum(-1)[:, :, None] + (y * y).sum(-1)[:, None, :]
        d = np.ascontiguousarray(square - 2 * x @ y.transpose(0, 2, 1))
        found = matrix_gradient(d)
        e = found["grad"]
        gx = 2 * (e.sum(2)[:, :, None] * x - e @ y)
        gy = 2 * (e.sum(1)[:, :, None] * y - e.transpose(0, 2, 1) @ x)
        return {"value": found["value"], "grad.x": gx, "grad.y": gy}

    return call


def build(k):
    x, y = series(k)
    few = slice(0, 8)
    cells = 8 * N * N
    return [
        ours("dtw", "grad", {"x": x, "y": y}, RESULTS, reg="entropy", wrt="x,y"),
        Contender("limit", lambda: by_matrix(lambda d: limits.softdtw_gradient(d, GAMMA)(), x, y), "limit",
                  note="by a matrix of costs and BLAS"),
        Contender("tslearn", lambda: dtw_packages.tslearn_features(x[few], y[few], GAMMA), cells=cells,
                  note="B=8, gradient of x only"),
        Contender("torch scan", lambda: dtw_torch.prepare_features(x, y, GAMMA)),
        Contender("truth", lambda: by_matrix(lambda d: dtw_numba.prepare_gradient(d, GAMMA)(), x.astype("f8"),
                                             y.astype("f8")), "truth"),
    ]  # fmt: skip


def cases():
    for k in (1, 8, 64):
        yield Case("soft-DTW from features", f"K={k} B={B} N=M={N}", B * N * N, lambda k=k: build(k),
                   goals={"fastest peer": 40, "limit": 0.9})  # fmt: skip
