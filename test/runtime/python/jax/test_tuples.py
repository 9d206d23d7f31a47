"""Results of several arrays as pytrees: one type, however often they are made."""

import jax
import numpy as np
from jax import numpy as jnp


def test_results_of_two_calls_are_of_one_structure(load):
    host, x, y = load("dtw").jax, jnp.ones((3, 2)), jnp.zeros((4, 2))
    one, other = host.grad(x, y), host.grad(x, y + 1)
    mean = jax.tree.map(lambda a, b: (a + b) / 2, one, other)
    assert type(mean) is type(one) and mean._fields == ("x", "y")
    np.testing.assert_allclose(mean.x, (one.x + other.x) / 2)


def test_branches_give_results(load):
    host, x, y = load("dtw").jax, jnp.ones((3, 2)), jnp.zeros((4, 2))

    @jax.jit
    def choose(first):
        return jax.lax.cond(first, lambda: host.grad(x, y), lambda: host.grad(x, y + 1))

    assert jax.tree.all(jax.tree.map(jnp.allclose, choose(True), host.grad(x, y)))
    assert jax.tree.all(jax.tree.map(jnp.allclose, choose(False), host.grad(x, y + 1)))


def test_results_are_traced_once(load):
    host, x, y = load("dtw").jax, jnp.ones((3, 2)), jnp.zeros((4, 2))
    traces = []

    @jax.jit
    def norm(grads):
        traces.append(type(grads))
        return sum(jnp.vdot(each, each) for each in grads)

    for shift in range(3):
        norm(host.grad(x, y + shift))
    assert len(traces) == 1


def test_results_are_carried_by_a_loop(load):
    host, y = load("dtw").jax, jnp.zeros((4, 2))

    def step(grads, _):
        return host.grad(grads.x * 0.1, y), grads.y[0, 0]

    first = host.grad(jnp.ones((3, 2)), y)
    last, seen = jax.lax.scan(step, first, None, length=3)
    assert type(last) is type(first) and seen.shape == (3,)
