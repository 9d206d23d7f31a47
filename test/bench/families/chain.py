"""Linear chains with full potentials: entropy, hard and l2."""

import numpy as np

import limits
from case import Case, Contender
from ours import library, ours
from peers import chain_numba, chain_packages, chain_torch

T = 512
# Instances: the potentials of 128 states are 32 MiB an instance.
BATCH = {8: 32, 32: 32, 128: 8}
GRADIENT = {"value": "value", "grad": "grad.w"}
GOALS = {
    "forward": {8: 20, 32: 5, 128: 3.5},
    "gradient": {8: 30, 32: 7, 128: 5},
    "path": {8: 15, 32: 6, 128: 4},
}
# torch-struct keeps a tree of all products; so many instances fit into memory.
STRUCT = {8: 32, 32: 4, 128: 1}


def potentials(s):
    return np.random.default_rng(s).normal(size=(BATCH[s], T, s, s)).astype("f4")


def states_of(rows, length):
    """The states of a path, from first to last: its rows come from the end."""
    chosen = rows[:length]
    table, output = chosen[:, 0], chosen[:, 0].max()
    cells = chosen[table != output]
    return cells[np.argsort(cells[:, 1]), 2]


def prepare_path(w):
    call = library("potentials", entry="argmax", reg="hard").prepare("argmax", {"w": w})
    state = {"first": True}

    def run():
        found = call()
        if not state.pop("first", False):
            return found
        return {"path": [states_of(r, n) for r, n in zip(found["argmax"], found["argmax.length"])]}

    return run


def part(name, function, w, *arguments, count=32, role="peer"):
    return Contender(name, lambda: function(w[:count], *arguments), role, w[:count].size,
                     f"B={len(w[:count])}" if count < len(w) else "")  # fmt: skip


def soft(s, what):
    w = potentials(s)
    entry = {"forward": "value", "gradient": "grad"}[what]
    torch_scan = getattr(chain_torch, f"prepare_{what}")
    return [
        ours("potentials", entry, {"w": w}, GRADIENT if what == "gradient" else {"value": "value"}, reg="entropy"),
        limits.contender(f"chain_{what}", w),
        part("torch scan", torch_scan, w),
        part("torch scan, compiled", torch_scan, w, True),
        part("torch-struct", chain_packages.struct_chain, w, what, count=STRUCT[s]),
        part("numba", chain_numba.prepare, w, what, count=2),
        part("truth", chain_numba.prepare, w, what, count=2, role="truth"),
    ]


def path(s):
    w = potentials(s)
    return [
        Contender("danskin", lambda: prepare_path(w), "ours"),
        limits.contender("chain_path", w),
        part("torch scan", chain_torch.prepare_path, w),
        part("torch scan, compiled", chain_torch.prepare_path, w, True),
        part("torch-struct", chain_packages.struct_chain, w, "path", count=STRUCT[s]),
        part("numba", chain_numba.prepare, w, "path", count=2),
        part("truth", chain_numba.prepare, w, "path", count=2, role="truth"),
    ]


def sparse(s, what):
    w = potentials(s)
    truth = part("truth", chain_numba.prepare, w, "sparse", count=2, role="truth")
    if what == "forward":
        return [
            ours("potentials", "value", {"w": w}, {"value": "value"}, reg="l2"),
            ours("potentials", "value", {"w": w}, {}, name="our entropy", role="own", reg="entropy"),
            limits.contender("sparse_chain", w),
            truth,
        ]
    return [
        ours("potentials", "grad", {"w": w}, GRADIENT, reg="l2"),
        ours("potentials", "grad", {"w": w}, {}, name="our entropy", role="own", reg="entropy"),
        part("torch scan", chain_torch.prepare_gradient, w, False, True, count=32 * 32 // s),
        part("numba", chain_numba.prepare, w, "sparse", count=2),
        truth,
    ]


def cases():
    for s in (8, 32, 128):
        shape, size = f"B={BATCH[s]} T={T} S={s}", BATCH[s] * T * s * s
        for what in ("forward", "gradient"):
            yield Case(f"CRF full potentials {'value+gradient' if what == 'gradient' else what}", shape, size,
                       lambda s=s, what=what: soft(s, what), unit="edge",
                       goals={"torch scan": GOALS[what][s], "torch-struct": 100, "limit": 0.9})  # fmt: skip
        yield Case("CRF full potentials Viterbi+path", shape, size, lambda s=s: path(s), unit="edge",
                   goals={"torch scan": GOALS["path"][s], "torch-struct": 100, "limit": 0.9})  # fmt: skip
    for s in (32, 128):
        shape, size = f"B={BATCH[s]} T={T} S={s}", BATCH[s] * T * s * s
        yield Case("l2 chain forward", shape, size, lambda s=s: sparse(s, "forward"), unit="edge",
                   goals={"limit": 0.85, "our entropy": 1.8})  # fmt: skip
        yield Case("l2 chain value+gradient", shape, size, lambda s=s: sparse(s, "gradient"), unit="edge",
                   goals={"torch scan": 40, "our entropy": 1.8})  # fmt: skip
