"""Soft-DTW and DTW of given costs."""

import numpy as np

import limits
from case import Case, Contender
from ours import ours
from peers import dtw_numba, dtw_packages, dtw_torch

GAMMA = 1.0
VALUE = {"value": "cost"}
GRADIENT = {"value": "cost", "grad": "grad.d"}
PRODUCT = {"jvp": "jvp.cost", "hvp": "hvp.d"}


def costs(b, n):
    """Squared differences of noise: what a distance matrix looks like."""
    generator = np.random.default_rng(b + n)
    x, y = generator.normal(size=(b, n, 1)), generator.normal(size=(b, 1, n))
    return ((x - y) ** 2).astype("f4")


def few(d, cells):
    """The first instances, about as many as have so many cells."""
    return d[: max(1, int(cells // d[0].size))]


def contender(name, prepare, d, *arguments, limit=1e18, role="peer"):
    """A peer on all of d, or on the first instances where it is slow."""
    part = few(d, limit)
    rest = [few(a, limit) if isinstance(a, np.ndarray) else a for a in arguments]
    return Contender(name, lambda: prepare(part, *rest), role, part.size,
                     f"B={len(part)}" if len(part) < len(d) else "")  # fmt: skip


def forward(b, n):
    d = costs(b, n)
    return [
        ours("softdtw", "value", {"d": d}, VALUE, reg="entropy"),
        limits.contender("softdtw_forward", d, GAMMA),
        contender("tslearn", dtw_packages.tslearn_forward, d, GAMMA, limit=2e6),
        contender("soft-dtw", dtw_packages.softdtw_forward, d, GAMMA, limit=2e6),
        contender("numba", dtw_numba.prepare_forward, d, GAMMA, limit=2e6),
        contender("torch scan", dtw_torch.prepare_forward, d, GAMMA),
        contender("truth", dtw_numba.prepare_forward, d, GAMMA, role="truth"),
    ]


def gradient(b, n):
    d = costs(b, n)
    return [
        ours("softdtw", "grad", {"d": d}, GRADIENT, reg="entropy"),
        limits.contender("softdtw_gradient", d, GAMMA),
        contender("tslearn", dtw_packages.tslearn_gradient, d, GAMMA, limit=2e6),
        contender("soft-dtw", dtw_packages.softdtw_gradient, d, GAMMA, limit=2e6),
        contender("numba", dtw_numba.prepare_gradient, d, GAMMA, limit=2e6),
        contender("torch scan", dtw_torch.prepare_gradient, d, GAMMA),
        contender("truth", dtw_numba.prepare_gradient, d, GAMMA, role="truth"),
    ]


def product(b, n):
    d = costs(b, n)
    z = np.random.default_rng(3).normal(size=d.shape).astype("f4")
    return [
        ours("softdtw", "hvp", {"d": d, "dir.d": z}, PRODUCT, reg="entropy"),
        ours("softdtw", "grad", {"d": d}, {}, name="our gradient", role="own", reg="entropy"),
        *([limits.contender("softdtw_product", d, z, GAMMA)] if b > 1 else []),
        contender("numba", dtw_numba.prepare_product, d, z, GAMMA, limit=2e6),
        contender("torch double backward", dtw_torch.prepare_product, d, z, GAMMA, limit=1e6),
        contender("truth", dtw_numba.prepare_product, d, z, GAMMA, role="truth"),
    ]


def prepare_path(d):
    """Our path, and the costs along it: a path is right if they add up."""
    from ours import library

    call = library("softdtw", entry="value,argmax", reg="hard").prepare("argmax", {"d": d})
    value = library("softdtw", entry="value", reg="hard").prepare("value", {"d": d})
    first = True

    def run():
        nonlocal first
        found = call()
        if not first:
            return found
        first = False
        along = np.zeros(len(d))
        # A row of a path holds the table, then the cell.
        for b, (rows, length) in enumerate(zip(found["argmax"], found["argmax.length"])):
            along[b] = d[b][rows[:length, 1], rows[:length, 2]].sum(dtype="f8")
        return {"value": value()["cost"], "along": along}

    return run


def hard(b, n):
    generator = np.random.default_rng(7)
    x, y = generator.normal(size=(b, n)), generator.normal(size=(b, n))
    d = ((x[:, :, None] - y[:, None, :]) ** 2).astype("f4")
    return [
        Contender("danskin", lambda: prepare_path(d), "ours"),
        limits.contender("dtw_path", d),
        contender("numba", dtw_numba.prepare_hard, d),
        Contender("dtaidistance", lambda: dtw_packages.dtaidistance_path(x[:16], y[:16]), cells=d[:16].size,
                  note="B=16, from series"),
        Contender("pydtw", lambda: dtw_packages.pydtw_path(x[:16], y[:16]), cells=d[:16].size,
                  note="B=16, from series, absolute differences"),
        contender("truth", dtw_numba.prepare_hard, d, role="truth"),
    ]  # fmt: skip


def cases():
    for b, n, peers in ((64, 256, 35), (1, 2048, 45)):
        shape, cells = f"B={b} N=M={n}", b * n * n
        yield Case("soft-DTW forward", shape, cells, lambda b=b, n=n: forward(b, n),
                   goals={"fastest peer": 60, "limit": 0.9})  # fmt: skip
        yield Case("soft-DTW value+gradient", shape, cells, lambda b=b, n=n: gradient(b, n),
                   goals={"fastest peer": peers, "limit": 0.9})  # fmt: skip
        yield Case("soft-DTW HVP", shape, cells, lambda b=b, n=n: product(b, n),
                   goals={"torch double backward": 200, "our gradient": 2.2,
                          **({"limit": 0.9} if b > 1 else {})})  # fmt: skip
        yield Case("DTW value+path", shape, cells, lambda b=b, n=n: hard(b, n),
                   goals={"numba": 8, "limit": 0.9})  # fmt: skip
