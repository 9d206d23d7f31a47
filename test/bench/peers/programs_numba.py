"""Recursions as one writes them with numba, in f64."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def local_alignment(a, b, scores, opening, extending):
    best = 0.0
    h, e = np.zeros(len(b) + 1), np.full(len(b) + 1, -1e30)
    for i in range(1, len(a) + 1):
        diagonal, f = 0.0, -1e30
        for j in range(1, len(b) + 1):
            e[j] = max(h[j] - opening, e[j] - extending)
            f = max(h[j - 1] - opening, f - extending)
            cell = max(max(0.0, diagonal + scores[a[i - 1], b[j - 1]]), max(e[j], f))
            diagonal = h[j]
            h[j] = cell
            best = max(best, cell)
    return best


@njit(cache=True, nogil=True)
def inside(lex, rule, root):
    """The inside algorithm on exponentials: rule and chart are scaled a cell."""
    n, g = lex.shape
    chart, scale = np.zeros((n + 1, n + 1, g)), np.zeros((n + 1, n + 1))
    grammar = np.exp(rule)
    for i in range(n):
        scale[i, i + 1] = lex[i].max()
        chart[i, i + 1] = np.exp(lex[i] - scale[i, i + 1])
    for width in range(2, n + 1):
        for i in range(n - width + 1):
            j = i + width
            high = -np.inf
            for k in range(i + 1, j):
                high = max(high, scale[i, k] + scale[k, j])
            pairs = np.zeros((g, g))
            for k in range(i + 1, j):
                factor = np.exp(scale[i, k] + scale[k, j] - high)
                for b in range(g):
                    left = factor * chart[i, k, b]
                    for c in range(g):
                        pairs[b, c] += left * chart[k, j, c]
            most = 0.0
            for a in range(g):
                s = 0.0
                for b in range(g):
                    for c in range(g):
                        s += grammar[a, b, c] * pairs[b, c]
                chart[i, j, a] = s
                most = max(most, s)
            for a in range(g):
                chart[i, j, a] /= most
            scale[i, j] = high + np.log(most)
    return scale[0, n] + np.log((np.exp(root) * chart[0, n]).sum())


@njit(cache=True, nogil=True)
def semimarkov(segment, trans):
    steps, longest, states = segment.shape
    a = np.full((steps + 1, states), -np.inf)
    scores = np.empty(longest * states + 1)
    for t in range(1, steps + 1):
        for s in range(states):
            count = 0
            for d in range(1, min(longest, t) + 1):
                if d == t:
                    scores[count] = segment[0, t - 1, s]
                    count += 1
                else:
                    for r in range(states):
                        scores[count] = a[t - d, r] + trans[r, s] + segment[t - d, d - 1, s]
                        count += 1
            high = scores[:count].max()
            a[t, s] = high + np.log(np.exp(scores[:count] - high).sum())
    high = a[steps].max()
    return high + np.log(np.exp(a[steps] - high).sum())


@njit(cache=True, nogil=True)
def nussinov(s, pair):
    n = len(s)
    p = np.zeros((n + 2, n + 2))
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n + 1):
            best = p[i + 1, j]
            for k in range(i + 1, j):
                best = max(best, p[i + 1, k] + pair[s[i], s[k]] + p[k + 1, j])
            p[i, j] = best
    return p[0, n]


@njit(cache=True, nogil=True)
def shortest(indptr, src, w):
    d = np.full(len(indptr) - 1, np.inf)
    d[0] = 0.0
    for v in range(1, len(d)):
        for e in range(indptr[v], indptr[v + 1]):
            d[v] = min(d[v], d[src[e]] + w[e])
    return d[-1]


def each(function, name, batch, *shared):
    """A call of `function` on each instance of the arrays of `batch`."""
    batch = [a.astype("f8") if a.dtype == np.dtype("f4") else a for a in batch]
    shared = [a.astype("f8") if isinstance(a, np.ndarray) and a.dtype == np.dtype("f4") else a for a in shared]
    return lambda: {name: [function(*(a[b] for a in batch), *shared) for b in range(len(batch[0]))]}
