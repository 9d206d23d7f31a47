"""Linear chains with shared transitions."""

import numpy as np

import limits
from case import Case, Contender
from families.chain import states_of
from ours import library, ours
from peers import chain_numba, chain_packages, chain_torch

B, T = 32, 512
VALUE = {"value": "score"}
GRADIENT = {"value": "score", "grad.emit": "grad.emit", "grad.trans": "grad.trans"}
GOALS = {
    "forward": {8: 200, 32: 45, 128: 70},
    "gradient": {8: 200, 32: 70, 128: 60},
    "path": {8: 100, 32: 60, 128: 50},
}


def inputs(s):
    generator = np.random.default_rng(s)
    emit, trans = generator.normal(size=(B, T, s)).astype("f4"), generator.normal(size=(s, s)).astype("f4")
    return {"emit": emit, "trans": trans, "start": np.zeros(s, "f4")}


def prepare_path(given):
    call = library("viterbi", entry="argmax", reg="hard").prepare("argmax", given)
    state = {"first": True}

    def run():
        found = call()
        if not state.pop("first", False):
            return found
        return {"path": [states_of(r, n) for r, n in zip(found["argmax"], found["argmax.length"])]}

    return run


def build(s, what):
    given = inputs(s)
    emit, trans, start = given["emit"], given["trans"], given["start"]
    size = emit.size * s
    if what == "path":
        mine = Contender("danskin", lambda: prepare_path(given), "ours")
    elif what == "gradient":
        mine = ours("viterbi", "grad", given, GRADIENT, reg="entropy", wrt="emit,trans")
    else:
        mine = ours("viterbi", "value", given, VALUE, reg="entropy")
    found = [
        mine,
        limits.contender(f"crf_{what}", emit, trans),
        Contender("pytorch-crf", lambda: chain_packages.crf(emit, trans, start, what), cells=size),
    ]
    if what == "forward":
        found.append(Contender("torch exp+matmul", lambda: chain_torch.prepare_product_scan(emit, trans, start)))
    # The gradient of what the batch shares is a sum over all of it.
    count = B if what == "gradient" else 2
    found.append(Contender("truth", lambda: chain_numba.prepare_shared(emit[:count], trans, start, what), "truth"))
    return found


def cases():
    for s in (8, 32, 128):
        for what, label in (("forward", "forward"), ("gradient", "value+gradient"), ("path", "Viterbi+path")):
            yield Case(f"CRF shared transitions {label}", f"B={B} T={T} S={s}", B * T * s * s,
                       lambda s=s, what=what: build(s, what), unit="edge",
                       goals={"pytorch-crf": GOALS[what][s], "limit": 0.85})  # fmt: skip
