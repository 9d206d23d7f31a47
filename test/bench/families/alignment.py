"""Local alignment with affine gaps, hard."""

import numpy as np

import limits
from case import Case, Contender
from ours import ours
from peers import programs_numba

OPENING, EXTENDING, SYMBOLS = 11.0, 1.0, 24


def scores():
    import parasail

    return np.array(parasail.blosum62.matrix, "f4")[:SYMBOLS, :SYMBOLS]


def parasail_calls(a, b):
    """Saturating 16-bit numbers, striped; one call a pair."""
    import parasail

    letters = parasail.blosum62.alphabet if hasattr(parasail.blosum62, "alphabet") else "ARNDCQEGHILKMFPSTWYVBZX*"
    text = [["".join(letters[i] for i in row) for row in side] for side in (a, b)]

    def call():
        return {"value": [parasail.sw_striped_sat(x, y, int(OPENING), int(EXTENDING), parasail.blosum62).score
                          for x, y in zip(*text)]}  # fmt: skip

    return call


def build(batch, n):
    generator = np.random.default_rng(n)
    a, b = generator.integers(0, 20, size=(2, batch, n))
    b[:, n // 4 : n // 2] = a[:, n // 4 : n // 2]  # something to find
    table = scores()
    inputs = {"a": a, "b": b, "sub": table, "open": np.array(OPENING, "f4"), "ext": np.array(EXTENDING, "f4")}
    return [
        ours("sw", "value", inputs, {"value": "score"}, reg="hard"),
        limits.contender("alignment", a.astype("i4"), b.astype("i4"), table, OPENING, EXTENDING),
        Contender("parasail int16", lambda: parasail_calls(a, b), note="saturating 16-bit numbers"),
        Contender("numba", lambda: programs_numba.each(programs_numba.local_alignment, "value", [a, b], table,
                                                       OPENING, EXTENDING)),
        Contender("truth", lambda: programs_numba.each(programs_numba.local_alignment, "value", [a, b], table,
                                                       OPENING, EXTENDING), "truth"),
    ]  # fmt: skip


def cases():
    for batch, n in ((32, 512), (1, 4096)):
        yield Case("Smith-Waterman affine, hard", f"B={batch} N=M={n}", batch * n * n,
                   lambda batch=batch, n=n: build(batch, n), goals={"parasail int16": 0.5, "limit": 0.9})  # fmt: skip
