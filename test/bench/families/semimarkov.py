"""Segmentation with scored segments."""

import numpy as np

from case import Case, Contender
from ours import ours, truth
from peers import programs_numba, programs_torch

B, T, S, W = 16, 1000, 16, 20


def build(gradient):
    generator = np.random.default_rng(S)
    segment, trans = generator.normal(size=(B, T, W, S)).astype("f4"), generator.normal(size=(S, S)).astype("f4")
    inputs = {"seg": segment, "trans": trans}
    results = {"value": "score", **({"grad.seg": "grad.seg", "grad.trans": "grad.trans"} if gradient else {})}
    entry = "grad" if gradient else "value"
    found = [
        ours("semimarkov", entry, inputs, results, reg="entropy"),
        Contender("torch", lambda: programs_torch.semimarkov(segment, trans, gradient)),
        truth("semimarkov", entry, inputs, results, reg="entropy"),
    ]
    if not gradient:
        found.insert(1, Contender("numba", lambda: programs_numba.each(programs_numba.semimarkov, "value",
                                                                        [segment[:4]], trans),
                                  cells=4 * T * W * S * S, note="B=4"))  # fmt: skip
    return found


def cases():
    for gradient, what in ((False, "value"), (True, "value+gradient")):
        yield Case(f"semi-Markov {what}", f"B={B} T={T} S={S} W={W}", B * T * W * S * S,
                   lambda gradient=gradient: build(gradient), unit="candidate", goals={"fastest peer": 5})  # fmt: skip
