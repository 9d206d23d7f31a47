"""Derivatives of every order and mode, against differences and plain JAX."""

import jax
import numpy as np
import plain
import pytest
from jax import numpy as jnp
from jax.test_util import check_grads

import danskin

PAIR = """dp 1
program pair {
  size N >= 1
  input x : float[N]
  shared input w : float[N]

  table F[i in 0..N]
  F[0]           = x[0] * w[0]
  F[i] otherwise = x[i] * w[i] + max { F[i-1] | 2 * x[i] }

  output last        = F[N-1]
  output all[i in 0..N] = F[i] * w[i]
}
"""


def pair(x, w, gamma):
    row, rows = x[0] * w[0], []
    rows.append(row)
    for i in range(1, x.shape[0]):
        row = x[i] * w[i] + gamma * jax.nn.logsumexp(jnp.stack([row, 2 * x[i]]) / gamma)
        rows.append(row)
    return row, jnp.stack(rows) * w


def close(found, expected, tolerance=1e-9):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance), found, expected)


def case(name, load, draw):
    """(function, plain function, arguments)."""
    if name == "dtw":
        return load(name).jax, plain.dtw, (draw.normal(size=(3, 2)), draw.normal(size=(4, 2)), 0.7)
    if name == "viterbi":
        shapes = ((4, 3), (3, 3), (3,))
        return load(name).jax, plain.viterbi, (*(draw.normal(size=shape) for shape in shapes), 0.7)
    if name == "valueiter":
        given = draw.normal(size=(3, 2)), 0.3 * draw.uniform(size=(3, 2, 3)), np.array(0.9), 0.7
        return (lambda *a, gamma: load(name).jax(*a, K=3, gamma=gamma),
                lambda *a: plain.valueiter(*a[:3], 3, a[3]), given)  # fmt: skip
    program = danskin.compile(PAIR, reg="entropy")
    return program.jax, pair, (draw.normal(size=4), draw.normal(size=4), 0.7)


NAMES = ["dtw", "viterbi", "valueiter", "pair"]


def of_last(function):
    """Its gamma is an argument like the others."""
    return lambda *arguments: jax.tree.map(lambda each: each, tuple(jax.tree.leaves(
        function(*arguments[:-1], gamma=arguments[-1]))))  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_check_grads(name, load, draw):
    function, _, given = case(name, load, draw)
    check_grads(of_last(function), given, order=2, modes=("fwd", "rev"))


FIRST = {"jacrev": jax.jacrev, "jacfwd": jax.jacfwd}
SECOND = {
    "hessian": jax.hessian,
    "rev of fwd": lambda f, argnums: jax.jacrev(jax.jacfwd(f, argnums), argnums),
    "fwd of fwd": lambda f, argnums: jax.jacfwd(jax.jacfwd(f, argnums), argnums),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ways, derive", [(FIRST, jax.jacrev), (SECOND, jax.hessian)], ids=["first", "second"])
def test_as_plain(name, ways, derive, load, draw):
    """Every way to a derivative gives what one gives of the plain program."""
    function, plainly, given = case(name, load, draw)
    argnums = tuple(range(len(given)))
    expected = jax.jit(derive(lambda *a: tuple(jax.tree.leaves(plainly(*a))), argnums))(*given)
    for way in ways.values():
        close(jax.jit(way(of_last(function), argnums))(*given), expected)


def test_hvp_is_its_own_transpose(load, draw):
    dtw = load("dtw").jax
    x, y = draw.normal(size=(4, 2)), draw.normal(size=(3, 2))
    u, v = ((draw.normal(size=(4, 2)), draw.normal(size=(3, 2))) for _ in range(2))

    def apply(dx, dy):
        return tuple(dtw.hvp(x, y, gamma=0.5, direction=(dx, dy)))

    close(jax.linear_transpose(apply, *u)(v), apply(*v))
    close(sum(map(np.vdot, apply(*u), v)), sum(map(np.vdot, u, apply(*v))))
    close(jax.jvp(apply, u, v)[1], apply(*v))


def test_grad_is_differentiable(load, draw):
    """The alignment as a layer."""
    dtw = load("dtw").jax
    x, y, target = draw.normal(size=(4, 2)), draw.normal(size=(3, 2)), draw.uniform(size=(4, 3))

    def loss(a, b):
        return ((dtw.grad(a, b, wrt="d", gamma=0.5) - target) ** 2).sum()

    def expected(a, b):
        d = ((a[:, None] - b[None]) ** 2).sum(-1)

        def by_cost(d):
            table = {}
            for i in range(4):
                for j in range(3):
                    before = [table[at] for at in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if at in table]
                    table[i, j] = d[i, j] + (plain.softmin(0.5, *before) if before else 0.0)
            return table[3, 2]

        return ((jax.grad(by_cost)(d) - target) ** 2).sum()

    close(jax.grad(loss, (0, 1))(x, y), jax.jit(jax.grad(expected, (0, 1)))(x, y))


def test_one_of_several_outputs(draw):
    """What has no cotangent counts as 0, not as the default of kernels."""
    program = danskin.compile(PAIR, reg="entropy")
    x, w = draw.normal(size=(2, 4)), draw.normal(size=4)
    for k in range(2):
        found = jax.grad(lambda a, b, k=k: program.jax(a, b, gamma=0.7)[k].sum(), (0, 1))(x, w)
        expected = jax.grad(lambda a, b, k=k: sum(pair(each, b, 0.7)[k].sum() for each in a), (0, 1))(x, w)
        close(found, expected)


PARTLY = """dp 1
program partly {
  reg entropy
  size N >= 1
  input u : float[N]
  input v : float[N]
  input w : float[N]
  output a = max { u[i] for i in 0..N }
  output b = max { u[i] + v[i] for i in 0..N }
  output c[i in 0..N] = v[i] * w[i]
}
"""


def partly(u, v, w):
    return jax.nn.logsumexp(u), jax.nn.logsumexp(u + v), v * w


def along_directions(derive):
    """Derivatives of J v by directions that a batch has and the input has not."""

    def make(f):
        along = lambda x: jax.vmap(lambda v: jax.jvp(f, (x,), (v,))[1])  # noqa: E731
        return lambda x: derive(along(x))(jnp.stack([x, 2 * x]))

    return make


REACH = {
    "rev": jax.jacrev,
    "fwd": jax.jacfwd,
    "fwd of rev": jax.hessian,
    "rev of rev": lambda f: jax.jacrev(jax.jacrev(f)),
    "rev of fwd": lambda f: jax.jacrev(jax.jacfwd(f)),
    "fwd of fwd": lambda f: jax.jacfwd(jax.jacfwd(f)),
    "rev by directions": along_directions(jax.jacrev),
    "fwd by directions": along_directions(jax.jacfwd),
}


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("way", ["jit", "jit of vmap"])
def test_outputs_that_not_all_inputs_reach(way, place, draw):
    """Entries take no cotangents of those."""
    inputs = list(draw.normal(size=(3, 4)))
    wrap = (lambda f: f) if way == "jit" else jax.vmap
    x = inputs[place] if way == "jit" else draw.normal(size=(2, 4))

    def derive(f):
        """By every way, each output on its own."""
        alone = [lambda x, k=k: f(*inputs[:place], x, *inputs[place + 1 :])[k] for k in range(3)]
        return jax.jit(wrap(lambda x: {name: [make(each)(x) for each in alone] for name, make in REACH.items()}))(x)

    close(derive(danskin.compile(PARTLY).jax), derive(partly))


def test_outputs_out_of_reach_without_jit(draw):
    op, (u, v, w) = danskin.compile(PARTLY).jax, draw.normal(size=(3, 4))
    many = np.stack([v, w])
    for output, expected in (("a", jnp.zeros_like), ("b", lambda v: jax.nn.softmax(u + v))):
        gradient = jax.grad(lambda v, output=output: getattr(op(u, v, w), output))
        close(gradient(v), expected(v))
        close(jax.vmap(gradient)(many), jax.vmap(expected)(many))
        close(jax.jacfwd(gradient)(v), jax.jacfwd(expected)(v))


def test_cotangents_of_outputs_out_of_reach(draw):
    op, (u, v, w) = danskin.compile(PARTLY).jax, draw.normal(size=(3, 4))
    a, b, c = (jnp.asarray(draw.normal(size=shape)) for shape in ((), (), 4))

    def of(*cotangent):
        return op.grad(u, v, w, wrt="v", cotangent=cotangent)

    expected = b * jax.nn.softmax(u + v) + c * w
    close(of(a, b, c), expected)
    close(jax.jacrev(of, (0, 1))(a, b, c), (np.zeros(4), jax.nn.softmax(u + v)))
    close(jax.jacfwd(of, (0, 1))(a, b, c), (np.zeros(4), jax.nn.softmax(u + v)))
    # What is not taken makes no batch.
    close(jax.vmap(of, (0, None, None))(jnp.stack([a, a, a]), b, c), np.stack([expected] * 3))
    close(op.hvp(u, v, w, wrt=("w", "v"), direction={"v": u}, cotangent=(a, b, c)).w, c * u)
    value, grad = op.value_and_grad(u, v, w, wrt="w", cotangent=(a, b, c))
    close((*value, grad), (*partly(u, v, w), c * v))


def test_transpose_of_a_sum_over_directions(load, draw):
    """A product by what a batch shares is summed over the batch."""
    dtw = load("dtw").jax
    x, y, weight = draw.normal(size=(4, 2)), draw.normal(size=(3, 2)), draw.normal(size=(4, 2))
    product = lambda v: dtw.hvp(x, y, wrt="x", direction=v, gamma=0.7)  # noqa: E731
    (found,) = jax.linear_transpose(product, np.ones((5, 4, 2)))(weight)
    close(found, np.stack([product(weight)] * 5))


def cost_of(dtw, y):
    return lambda x: dtw(x, y, gamma=0.7)


def alignment_of(dtw, y):
    return lambda x: dtw.grad(x, y, wrt="d", gamma=0.7)


def product_of(dtw, y):
    return lambda x: dtw.hvp(x, y, direction={"x": jnp.ones(x.shape)}, gamma=0.7).x


THIRD = {
    "fwd of fwd of fwd": (cost_of, lambda f: jax.jacfwd(jax.jacfwd(jax.jacfwd(f)))),
    "rev of rev of rev": (cost_of, lambda f: jax.jacrev(jax.jacrev(jax.jacrev(f)))),
    "rev of hessian": (cost_of, lambda f: jax.jacrev(jax.hessian(f))),
    "fwd of hessian": (cost_of, lambda f: jax.jacfwd(jax.hessian(f))),
    "hessian of grad": (alignment_of, jax.hessian),
    "fwd of fwd of grad": (alignment_of, lambda f: jax.jacfwd(jax.jacfwd(f))),
    "rev of rev of grad": (alignment_of, lambda f: jax.jacrev(jax.jacrev(f))),
    "fwd of hvp": (product_of, jax.jacfwd),
    "rev of hvp": (product_of, jax.jacrev),
}


@pytest.mark.parametrize("way", ["plain", "vmap", "jit of vmap"])
@pytest.mark.parametrize("name", THIRD)
def test_third_derivatives_raise(name, way, load, draw):
    make, derive = THIRD[name]
    function = derive(make(load("dtw").jax, draw.normal(size=(3, 2))))
    x = draw.normal(size=(3, 2) if way == "plain" else (4, 3, 2))
    wrap = {"plain": lambda f: f, "vmap": jax.vmap, "jit of vmap": lambda f: jax.jit(jax.vmap(f))}
    with pytest.raises(NotImplementedError, match="third derivatives"):
        wrap[way](function)(x)


def test_third_derivatives_by_gamma_raise(load, draw):
    dtw = load("dtw").jax
    x, y = draw.normal(size=(3, 2)), draw.normal(size=(3, 2))
    second = jax.grad(jax.grad(lambda gamma: dtw(x, y, gamma=gamma)))
    second(0.5)
    with pytest.raises(NotImplementedError, match="third derivatives"):
        jax.grad(second)(0.5)
    with pytest.raises(NotImplementedError, match="third derivatives"):
        jax.jvp(second, (0.5,), (1.0,))


def test_hvp_is_linear_in_its_direction(load, draw):
    """By the direction there are derivatives of every order."""
    dtw = load("dtw").jax
    x, y, v = draw.normal(size=(3, 2)), draw.normal(size=(3, 2)), draw.normal(size=(3, 2))
    product = lambda v: dtw.hvp(x, y, direction={"x": v}, gamma=0.7).x  # noqa: E731
    first = jax.hessian(lambda x: dtw(x, y, gamma=0.7))(x)
    close(jax.jacfwd(product)(v), first)
    close(jax.jacrev(product)(v), first)
    close(jax.jacfwd(jax.jacrev(product))(v), np.zeros((*first.shape, 3, 2)))


@pytest.mark.parametrize("reg", ["hard", "l2"])
def test_other_regularizers(reg, load, draw):
    x, y = draw.normal(size=(4, 2)), draw.normal(size=(5, 2))
    check_grads(lambda a, b: load("dtw", reg).jax(a, b, gamma=2.0), (x, y), order=1, modes=("fwd", "rev"))
