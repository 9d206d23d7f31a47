"""Dynamic time warping as one writes it with numba: loops over cells, in f64.

The derivatives use normalized weights, so they also serve as the truth that
everything else is compared with.
"""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def forward(d, gamma, v):
    n, m = d.shape
    v[0, :] = np.inf
    v[:, 0] = np.inf
    v[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            a, b, c = v[i - 1, j - 1], v[i - 1, j], v[i, j - 1]
            low = min(a, min(b, c))
            s = np.exp((low - a) / gamma) + np.exp((low - b) / gamma) + np.exp((low - c) / gamma)
            v[i, j] = d[i - 1, j - 1] + low - gamma * np.log(s)
    return v[n, m]


@njit(cache=True, nogil=True)
def weights(v, i, j, gamma):
    a, b, c = v[i - 1, j - 1], v[i - 1, j], v[i, j - 1]
    low = min(a, min(b, c))
    p, q, r = np.exp((low - a) / gamma), np.exp((low - b) / gamma), np.exp((low - c) / gamma)
    s = p + q + r
    return p / s, q / s, r / s


@njit(cache=True, nogil=True)
def backward(v, gamma, e):
    """e: (n + 1, m + 1); the gradient is e[1:, 1:]."""
    n, m = e.shape[0] - 1, e.shape[1] - 1
    e[:] = 0.0
    e[n, m] = 1.0
    for i in range(n, 0, -1):
        for j in range(m, 0, -1):
            p, q, r = weights(v, i, j, gamma)
            e[i - 1, j - 1] += p * e[i, j]
            e[i - 1, j] += q * e[i, j]
            e[i, j - 1] += r * e[i, j]
    e[0, :] = 0.0
    e[:, 0] = 0.0


@njit(cache=True, nogil=True)
def product(v, z, gamma, t, e, h):
    """Tangent and Hessian-product along z; returns the derivative of the value."""
    n, m = z.shape
    t[:] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            p, q, r = weights(v, i, j, gamma)
            t[i, j] = z[i - 1, j - 1] + p * t[i - 1, j - 1] + q * t[i - 1, j] + r * t[i, j - 1]
    e[:] = 0.0
    h[:] = 0.0
    e[n, m] = 1.0
    for i in range(n, 0, -1):
        for j in range(m, 0, -1):
            p, q, r = weights(v, i, j, gamma)
            mean = t[i, j] - z[i - 1, j - 1]
            dp = -p * (t[i - 1, j - 1] - mean) / gamma
            dq = -q * (t[i - 1, j] - mean) / gamma
            dr = -r * (t[i, j - 1] - mean) / gamma
            e[i - 1, j - 1] += p * e[i, j]
            e[i - 1, j] += q * e[i, j]
            e[i, j - 1] += r * e[i, j]
            h[i - 1, j - 1] += p * h[i, j] + dp * e[i, j]
            h[i - 1, j] += q * h[i, j] + dq * e[i, j]
            h[i, j - 1] += r * h[i, j] + dr * e[i, j]
    return t[n, m]


@njit(cache=True, nogil=True)
def hard(d, v, path):
    """Value, and the path from its end in (i, j) rows; their number."""
    n, m = d.shape
    v[0, :] = np.inf
    v[:, 0] = np.inf
    v[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            v[i, j] = d[i - 1, j - 1] + min(v[i - 1, j - 1], min(v[i - 1, j], v[i, j - 1]))
    i, j, count = n, m, 0
    while True:
        path[count, 0], path[count, 1] = i - 1, j - 1
        count += 1
        if i == 1 and j == 1:
            return v[n, m], count
        a, b, c = v[i - 1, j - 1], v[i - 1, j], v[i, j - 1]
        if a <= b and a <= c:
            i, j = i - 1, j - 1
        elif b <= c:
            i -= 1
        else:
            j -= 1


def prepare_forward(d, gamma):
    d = d.astype("f8")
    v, values = np.empty((d.shape[1] + 1, d.shape[2] + 1)), np.empty(len(d))

    def call():
        for b, each in enumerate(d):
            values[b] = forward(each, gamma, v)
        return {"value": values}

    return call


def prepare_gradient(d, gamma):
    d = d.astype("f8")
    v, values = np.empty((d.shape[1] + 1, d.shape[2] + 1)), np.empty(len(d))
    e, gradient = np.empty_like(v), np.empty_like(d)

    def call():
        for b, each in enumerate(d):
            values[b] = forward(each, gamma, v)
            backward(v, gamma, e)
            gradient[b] = e[1:, 1:]
        return {"value": values, "grad": gradient}

    return call


def prepare_product(d, z, gamma):
    d, z = d.astype("f8"), z.astype("f8")
    v, derivatives = np.empty((d.shape[1] + 1, d.shape[2] + 1)), np.empty(len(d))
    t, e, h, products = np.empty_like(v), np.empty_like(v), np.empty_like(v), np.empty_like(d)

    def call():
        for b, each in enumerate(d):
            forward(each, gamma, v)
            derivatives[b] = product(v, z[b], gamma, t, e, h)
            products[b] = h[1:, 1:]
        return {"jvp": derivatives, "hvp": products}

    return call


def prepare_hard(d):
    d = d.astype("f8")
    v, values = np.empty((d.shape[1] + 1, d.shape[2] + 1)), np.empty(len(d))
    path = np.empty((d.shape[1] + d.shape[2], 2), "i8")

    def call():
        costs = np.empty(len(d))
        for b, each in enumerate(d):
            values[b], count = hard(each, v, path)
            costs[b] = each[path[:count, 0], path[:count, 1]].sum()
        return {"value": values, "along": costs}

    return call
