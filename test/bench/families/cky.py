"""The inside algorithm."""

import numpy as np

from case import Case, Contender
from ours import ours, truth
from peers import programs_numba, programs_torch

N, G = 40, 32


def build(batch, gradient):
    generator = np.random.default_rng(G)
    lex, rule = generator.normal(size=(batch, N, G)).astype("f4"), generator.normal(size=(G, G, G)).astype("f4")
    inputs = {"lex": lex, "rule": rule, "root": np.zeros(G, "f4")}
    results = {"value": "logz"}
    if gradient:
        results.update({"grad.lex": "grad.lex", "grad.rule": "grad.rule"})
    options = {"reg": "entropy", **({"wrt": "lex,rule"} if gradient else {})}
    entry = "grad" if gradient else "value"
    found = [
        ours("cky", entry, inputs, results, **options),
        Contender("torch by widths", lambda: programs_torch.inside(lex, rule, inputs["root"], gradient)),
        truth("cky", entry, inputs, results, **options),
    ]
    if not gradient:
        found.insert(1, Contender("numba, scaled", lambda: programs_numba.each(
            programs_numba.inside, "value", [lex], rule, inputs["root"])))  # fmt: skip
    return found


def cases():
    for batch, gradient, what in ((4, False, "value"), (1, True, "value+gradient")):
        yield Case(f"CKY inside {what}", f"B={batch} N={N} G={G}", batch * (N**3 - N) // 6 * G**3,
                   lambda batch=batch, gradient=gradient: build(batch, gradient), unit="candidate",
                   goals={"fastest peer": 5})  # fmt: skip
