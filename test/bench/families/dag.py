"""The shortest path in a graph given at run time."""

import numpy as np

from case import Case, Contender
from ours import ours
from peers import programs_numba

V, E = 200_000, 1_000_000


def graph():
    generator = np.random.default_rng(V)
    into = np.sort(np.concatenate([np.arange(1, V), generator.integers(1, V, size=E - V + 1)]))
    source = (generator.random(E) * into).astype("i8")
    indptr = np.searchsorted(into, np.arange(V + 1)).astype("i8")
    return indptr, source, into, (generator.random(E) + 0.01).astype("f4")


def prepare_scipy(source, into, w):
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    matrix = coo_array((w.astype("f8"), (source, into)), shape=(V, V)).tocsr()
    return lambda: {"value": dijkstra(matrix, indices=0)[-1]}


def build():
    indptr, source, into, w = graph()
    # Several edges between two vertices are added up by scipy: one of each stays.
    once = np.unique(np.stack([into, source]), axis=1, return_index=True)[1]
    source, into, w = source[once], into[once], w[once]
    indptr = np.searchsorted(into, np.arange(V + 1)).astype("i8")
    return [
        ours("dagpath", "value", {"g.indptr": indptr, "g.src": source, "w": w}, {"value": "dist"}, reg="hard"),
        Contender("numba", lambda: (lambda x: lambda: {"value": programs_numba.shortest(indptr, source, x)})(
            w.astype("f8"))),
        Contender("scipy dijkstra", lambda: prepare_scipy(source, into, w)),
        Contender("truth", lambda: lambda: {"value": programs_numba.shortest(indptr, source, w.astype("f8"))},
                  "truth"),
    ]  # fmt: skip


def cases():
    yield Case("shortest path in a dag, hard", f"V={V} E={E}", E, build, unit="edge",
               goals={"fastest peer": 5})  # fmt: skip
