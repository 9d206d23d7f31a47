"""vmap, over batches and over what is shared, against loops and plain JAX."""

import jax
import numpy as np
import plain
import pytest
from jax import numpy as jnp


def close(found, expected, tolerance=1e-9):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance), found, expected)


def cost(program):
    return lambda *given: program.jax(*given[:-1], gamma=given[-1])


DERIVATIVES = {
    "value": lambda f: f,
    "grad": lambda f: jax.grad(f, (0, 1, 2)),
    "value_and_grad": lambda f: jax.value_and_grad(f, (0, 1, 2)),
    "jacfwd": lambda f: jax.jacfwd(f, (0, 1, 2)),
    "hessian": lambda f: jax.hessian(f, (0, 2)),
}


@pytest.mark.parametrize("derivative", DERIVATIVES)
@pytest.mark.parametrize("axes", [(0, 0, None), (0, None, None), (None, 1, 0), (None, None, 0)], ids=str)
def test_dtw(derivative, axes, load, draw):
    shapes = ((3, 2), (4, 2), ())
    given = [draw.uniform(0.5, 1, size=shape if axis is None else (*shape[:axis], 5, *shape[axis:]))
             for shape, axis in zip(shapes, axes)]  # fmt: skip
    derive = DERIVATIVES[derivative]
    found = jax.jit(jax.vmap(derive(cost(load("dtw"))), in_axes=axes))(*given)
    close(found, jax.jit(jax.vmap(derive(plain.dtw), in_axes=axes))(*given))


@pytest.mark.parametrize("axes", [((0, 0), (0, None)), ((0, None), (None, 0)), ((0, 1), (None, None))], ids=str)
def test_nested(axes, load, draw):
    x, y = (draw.normal(size=(*(3, 2)[: len([a for a in pair if a is not None])], length, 2))
            for pair, length in zip(axes, (3, 4)))  # fmt: skip
    x, y = ((np.moveaxis(each, 0, 1) if pair == (0, 1) else each) for each, pair in zip((x, y), axes))
    outer, inner = zip(*axes)
    if outer == (0, None) and inner == (1, None):
        outer, inner = (1, None), (0, None)

    def twice(function):
        gradient = jax.grad(function, (0, 1))
        return jax.vmap(jax.vmap(gradient, in_axes=inner), in_axes=outer)

    close(twice(lambda a, b: load("dtw").jax(a, b, gamma=0.5))(x, y),
          twice(lambda a, b: plain.dtw(a, b, 0.5))(x, y))  # fmt: skip


def test_own_gradients_of_shared_inputs(load, draw):
    """One gradient an instance, by weights that all instances share."""
    emit, trans, start = draw.normal(size=(6, 4, 3)), draw.normal(size=(3, 3)), draw.normal(size=3)
    axes = (0, None, None)

    def all_of(function):
        return jax.vmap(jax.grad(function, (0, 1, 2)), in_axes=axes)

    found = jax.jit(all_of(lambda *a: load("viterbi").jax(*a, gamma=0.5)))(emit, trans, start)
    close(found, all_of(lambda *a: plain.viterbi(*a, gamma=0.5))(emit, trans, start))
    assert found[1].shape == (6, 3, 3)


def test_over_a_batch_that_shares(load, draw):
    """A batch of batches: gradients by the weights are sums within each."""
    emit, trans, start = draw.normal(size=(2, 6, 4, 3)), draw.normal(size=(2, 3, 3)), draw.normal(size=3)

    def loss(function):
        return lambda *a: (function(*a) ** 2).sum()

    ours = loss(lambda *a: load("viterbi").jax(*a, gamma=0.5))
    expected = loss(jax.vmap(lambda *a: plain.viterbi(*a, gamma=0.5), in_axes=(0, None, None)))
    for axes in ((0, 0, None), (0, None, None), (None, 0, None)):
        given = [each if axis == 0 or each.ndim == rank else each[0]
                 for each, axis, rank in zip((emit, trans, start), axes, (3, 2, 1))]  # fmt: skip
        for derive in (lambda f: jax.grad(f, (0, 1, 2)), lambda f: jax.jacfwd(jax.grad(f, 1), 1)):
            found = jax.jit(jax.vmap(derive(ours), in_axes=axes))(*given)
            close(found, jax.jit(jax.vmap(derive(expected), in_axes=axes))(*given))


def test_directions(load, draw):
    """What jacfwd does: many directions at one place."""
    dtw = load("dtw").jax
    x, y, many = draw.normal(size=(4, 2)), draw.normal(size=(3, 2)), draw.normal(size=(7, 4, 2))
    found = jax.vmap(lambda v: dtw.hvp(x, y, direction={"x": v}, gamma=0.5).x)(many)
    hessian = jax.jit(jax.hessian(lambda a: plain.dtw(a, y, 0.5)))(x)
    close(found, jnp.einsum("ijkl,nkl->nij", hessian, many))


def test_lengths(load, draw):
    dtw = load("dtw").jax
    x, y, n = draw.normal(size=(4, 2)), draw.normal(size=(5, 2)), np.array([1, 4, 2])
    found = jax.vmap(lambda k: dtw(x, y, gamma=0.5, lengths={"N": k}))(n)
    close(found, np.array([plain.dtw(x[:k], y, 0.5) for k in n]))


def test_argmax(load, draw):
    dtw = load("dtw").jax
    x, y = draw.normal(size=(3, 4, 2)), draw.normal(size=(5, 2))
    found = jax.vmap(lambda a: dtw.argmax(a, y))(x)
    for b in range(3):
        assert found.path(b) == dtw.argmax(x[b], y).path()
