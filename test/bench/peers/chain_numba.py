"""Linear chains as one writes them with numba, in f64; the truth for chains.

Full potentials are w[t, new, old]; shared transitions are trans[from, to].
"""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def soft(w, v):
    """v: (T + 1, S); returns log Z."""
    steps, states = w.shape[0], w.shape[1]
    v[0, :] = 0.0
    for t in range(steps):
        for i in range(states):
            high = -np.inf
            for j in range(states):
                high = max(high, w[t, i, j] + v[t, j])
            s = 0.0
            for j in range(states):
                s += np.exp(w[t, i, j] + v[t, j] - high)
            v[t + 1, i] = high + np.log(s)
    high = v[steps].max()
    return high + np.log(np.exp(v[steps] - high).sum())


@njit(cache=True, nogil=True)
def marginals(w, v, z, g):
    steps, states = w.shape[0], w.shape[1]
    e = np.exp(v[steps] - z)
    for t in range(steps - 1, -1, -1):
        before = np.zeros(states)
        for i in range(states):
            for j in range(states):
                x = e[i] * np.exp(w[t, i, j] + v[t, j] - v[t + 1, i])
                g[t, i, j] = x
                before[j] += x
        e = before


@njit(cache=True, nogil=True)
def hard(w, v, path):
    steps, states = w.shape[0], w.shape[1]
    v[0, :] = 0.0
    for t in range(steps):
        for i in range(states):
            high = -np.inf
            for j in range(states):
                high = max(high, w[t, i, j] + v[t, j])
            v[t + 1, i] = high
    best = 0
    for i in range(states):
        if v[steps, i] > v[steps, best]:
            best = i
    value = v[steps, best]
    path[steps] = best
    for t in range(steps - 1, -1, -1):
        row, next_best = w[t, best], 0
        for j in range(states):
            if row[j] + v[t, j] > row[next_best] + v[t, next_best]:
                next_best = j
        best = next_best
        path[t] = best
    return value


@njit(cache=True, nogil=True)
def sparsemax(x, weights):
    """max over p of <p, x> - (|p|^2 - 1) / 2, and p: as the l2 regularizer has it."""
    ordered = np.sort(x)[::-1]
    total, threshold = 0.0, 0.0
    for k in range(len(x)):
        total += ordered[k]
        if ordered[k] * (k + 1) > total - 1:
            threshold = (total - 1) / (k + 1)
    value = 0.0
    for k in range(len(x)):
        p = max(0.0, x[k] - threshold)
        weights[k] = p
        value += p * x[k] - 0.5 * p * p
    return value


@njit(cache=True, nogil=True)
def sparse(w, v, g):
    """Value and gradient of the l2 chain."""
    steps, states = w.shape[0], w.shape[1]
    q = np.zeros((steps, states, states))
    last = np.zeros(states)
    v[0, :] = 0.0
    for t in range(steps):
        for i in range(states):
            v[t + 1, i] = sparsemax(w[t, i] + v[t], q[t, i])
    value = sparsemax(v[steps], last)
    e = last
    for t in range(steps - 1, -1, -1):
        before = np.zeros(states)
        for i in range(states):
            for j in range(states):
                x = e[i] * q[t, i, j]
                g[t, i, j] = x
                before[j] += x
        e = before
    return value


def prepare(w, what):
    w = w.astype("f8")
    v, gradient, values = np.empty((w.shape[1] + 1, w.shape[2])), np.empty_like(w), np.empty(len(w))
    paths = np.empty((len(w), w.shape[1] + 1), "i8")

    def call():
        for b, each in enumerate(w):
            if what == "path":
                values[b] = hard(each, v, paths[b])
            elif what == "sparse":
                values[b] = sparse(each, v, gradient[b])
            else:
                values[b] = soft(each, v)
                if what == "gradient":
                    marginals(each, v, values[b], gradient[b])
        found = {"value": values}
        if what in ("gradient", "sparse"):
            found["grad"] = gradient
        if what == "path":
            found["path"] = paths
        return found

    return call


def full(emit, trans, start):
    """Shared transitions as full potentials: (B, T, S, S), the first step's from
    one state."""
    b, t, s = emit.shape
    w = np.broadcast_to(trans.T[None, None], (b, t, s, s)) + emit[..., None].astype("f8")
    w[:, 0, :, 0] = start + emit[:, 0]
    w[:, 0, :, 1:] = -np.inf
    return w


def prepare_shared(emit, trans, start, what):
    """As `prepare`, for shared transitions; the gradient is of emit and trans."""

    def call():
        values, paths = np.empty(len(emit)), np.empty(emit.shape[:2], "i8")
        by_emit, by_trans = np.empty(emit.shape), np.zeros(trans.shape)
        for b in range(len(emit)):
            found = prepare(full(emit[b : b + 1], trans, start), what)()
            values[b] = found["value"][0]
            if what == "gradient":
                by_emit[b] = found["grad"][0].sum(-1)
                by_trans += found["grad"][0, 1:].sum(0).T
            if what == "path":
                paths[b] = found["path"][0, 1:]
        result = {"value": values}
        if what == "gradient":
            result.update({"grad.emit": by_emit, "grad.trans": by_trans})
        if what == "path":
            result["path"] = paths
        return result

    return call
