"""RNA secondary structure, hard."""

import numpy as np

from case import Case, Contender
from ours import ours
from peers import programs_numba, programs_torch

N, Q = 500, 4


def build(batch):
    generator = np.random.default_rng(N)
    s, pair = generator.integers(0, Q, size=(batch, N)), generator.normal(size=(Q, Q)).astype("f4")
    return [
        ours("nussinov", "value", {"s": s, "pair": pair}, {"value": "score"}, reg="hard"),
        Contender("numba", lambda: programs_numba.each(programs_numba.nussinov, "value", [s], pair)),
        Contender("torch", lambda: programs_torch.nussinov(s[:1], pair), cells=N**3 // 6, note="B=1"),
        Contender("truth", lambda: programs_numba.each(programs_numba.nussinov, "value", [s], pair), "truth"),
    ]


def cases():
    for batch in (1, 16):
        yield Case("Nussinov, hard", f"B={batch} N={N}", batch * N**3 // 6, lambda batch=batch: build(batch),
                   unit="candidate", goals={"fastest peer": 5})  # fmt: skip
