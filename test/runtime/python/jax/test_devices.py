"""Four devices: split along the batch, nothing gathered, gradients of what is
shared summed over the devices."""

import jax
import numpy as np
import plain
import pytest
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P


@pytest.fixture(scope="module", params=[AxisType.Auto, AxisType.Explicit], ids=str)
def any_mesh(request):
    assert jax.device_count() == 4
    return jax.make_mesh((4,), ("batch",), axis_types=(request.param,))


@pytest.fixture(scope="module")
def mesh():
    return jax.make_mesh((4,), ("batch",), axis_types=(AxisType.Auto,))


def close(found, expected, tolerance=1e-9):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance), found, expected)


@pytest.fixture
def chains(draw):
    return draw.normal(size=(8, 4, 3)), draw.normal(size=(3, 3)), draw.normal(size=3)


def total(function):
    return lambda emit, trans, start: (function(emit, trans, start) ** 2).sum()


def expected_gradients(chains):
    each = jax.vmap(lambda *a: plain.viterbi(*a, gamma=0.5), in_axes=(0, None, None))
    return jax.jit(jax.grad(total(each), (0, 1, 2)))(*chains)


def compile_text(function, *arguments):
    return jax.jit(function).lower(*arguments).compile().as_text()


def test_partitioned(load, any_mesh, chains):
    """Plain jit, the arrays lie on four devices."""
    gradient = jax.grad(total(lambda *a: load("viterbi").jax(*a, gamma=0.5)), (0, 1, 2))
    split, whole = NamedSharding(any_mesh, P("batch")), NamedSharding(any_mesh, P())
    given = [jax.device_put(each, sharding) for each, sharding in zip(chains, (split, whole, whole))]
    text = compile_text(gradient, *given)
    assert "all-gather" not in text and "all-reduce" in text
    assert "f64[2,4,3]" in text, "a device has two of the eight instances"
    found = jax.jit(gradient)(*given)
    assert found[0].sharding.spec == P("batch")
    close(found, expected_gradients(chains))


def test_partitioned_with_ints_and_lengths(load, any_mesh, draw):
    """ctc: labels, and lengths of two sizes."""
    ctc = load("ctc").jax
    # Three equal labels take five frames.
    lengths = {"T": draw.integers(5, 7, 8), "L": draw.integers(0, 4, 8)}
    given = draw.normal(size=(8, 6, 4)), draw.integers(1, 4, (8, 3)), lengths
    gradient = jax.grad(lambda scores, labels, lengths: ctc(scores, labels, gamma=0.5, lengths=lengths).sum())
    placed = jax.device_put(given, NamedSharding(any_mesh, P("batch")))
    text = compile_text(gradient, *placed)
    assert "all-gather" not in text
    assert "f64[2,6,4]" in text and "f64[8,6,4]" not in text, "a device has two of the eight instances"
    found = jax.jit(gradient)(*placed)
    assert found.sharding.spec == P("batch")
    expected = load("ctc").numpy.grad(given[0], given[1], wrt="logp", gamma=0.5, lengths=given[2])
    close(found, expected)


def test_partitioned_paths(load, any_mesh, draw):
    dtw = load("dtw").jax
    x, y = draw.normal(size=(8, 3, 2)), draw.normal(size=(8, 4, 2))
    placed = [jax.device_put(each, NamedSharding(any_mesh, P("batch"))) for each in (x, y)]
    assert "all-gather" not in compile_text(dtw.argmax, *placed)
    found = jax.jit(dtw.argmax)(*placed)
    assert found.rows.sharding.spec == P("batch")
    assert found.path() == load("dtw").numpy.argmax(x, y).path()


def test_partitioned_second_order(load, mesh, draw):
    dtw = load("dtw").jax
    x, y, v = draw.normal(size=(8, 3, 2)), draw.normal(size=(8, 4, 2)), draw.normal(size=(8, 3, 2))

    def product(function):
        gradient = jax.grad(lambda a, b: function(a, b).sum())
        return lambda a, b, v: jax.jvp(lambda a: gradient(a, b), (a,), (v,))[1]

    ours = product(lambda a, b: dtw(a, b, gamma=0.5))
    given = [jax.device_put(each, NamedSharding(mesh, P("batch"))) for each in (x, y, v)]
    assert "all-gather" not in compile_text(ours, *given)
    close(jax.jit(ours)(*given), product(jax.vmap(lambda a, b: plain.dtw(a, b, 0.5)))(x, y, v))


def test_another_axis_is_gathered(load, mesh, draw):
    """Only the batch can be split; results are right all the same."""
    dtw = load("dtw").jax
    x, y = draw.normal(size=(3, 4, 2)), draw.normal(size=(3, 5, 2))
    placed = jax.device_put(x, NamedSharding(mesh, P(None, "batch")))
    assert "all-gather" in compile_text(dtw, placed, y)
    close(jax.jit(dtw)(placed, y), dtw(x, y))


@pytest.mark.parametrize("check_vma", [True, False])
def test_shard_map(check_vma, load, mesh, chains):
    """Each device has its own call; the gradient of what they share is summed."""
    viterbi = total(lambda *a: load("viterbi").jax(*a, gamma=0.5))

    def local(*given):
        found = jax.grad(viterbi, (0, 1, 2))(*given)
        # With check_vma JAX has summed already.
        return found if check_vma else (found[0], *jax.lax.psum(found[1:], "batch"))

    specs = (P("batch"), P(), P())
    function = jax.shard_map(local, mesh=mesh, in_specs=specs, out_specs=specs, check_vma=check_vma)
    text = compile_text(function, *chains)
    assert "all-gather" not in text and "all-reduce" in text
    close(jax.jit(function)(*chains), expected_gradients(chains))


def test_pmap(load, chains):
    emit, trans, start = chains
    viterbi = load("viterbi").jax
    function = jax.pmap(lambda e, t, s: jax.grad(lambda t: viterbi(e, t, s, gamma=0.5).sum())(t),
                        in_axes=(0, None, None))  # fmt: skip
    given = emit.reshape(4, 2, 4, 3), trans, start
    assert "all-gather" not in function.lower(*given).compile().as_text()
    found = function(*given)
    each = jax.vmap(jax.grad(lambda e, t: plain.viterbi(e, t, start, 0.5), 1), in_axes=(0, None))(emit, trans)
    close(found, each.reshape(4, 2, 3, 3).sum(1))
