"""Some programs as one writes them in JAX, for comparison."""

import jax
from jax import numpy as jnp


def softmin(gamma, *values):
    return -gamma * jax.nn.logsumexp(-jnp.stack(values) / gamma, axis=0)


def dtw(x, y, gamma=1.0):
    """Soft-DTW of one pair of series."""
    d = ((x[:, None] - y[None]) ** 2).sum(-1)
    table = {}
    for i in range(d.shape[0]):
        for j in range(d.shape[1]):
            before = [table[at] for at in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if at in table]
            table[i, j] = d[i, j] + (softmin(gamma, *before) if before else 0.0)
    return table[d.shape[0] - 1, d.shape[1] - 1]


def viterbi(emit, trans, start, gamma=1.0):
    """The forward algorithm of one chain."""
    row = start + emit[0]
    for each in emit[1:]:
        row = each + gamma * jax.nn.logsumexp((row[:, None] + trans) / gamma, axis=0)
    return gamma * jax.nn.logsumexp(row / gamma)


def valueiter(R, P, discount, K, gamma=1.0):
    """Soft value iteration."""
    value = jnp.zeros(R.shape[0], R.dtype)
    for _ in range(K):
        value = gamma * jax.nn.logsumexp((R + discount * P @ value) / gamma, axis=1)
    return value
