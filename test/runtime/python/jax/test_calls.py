"""Copies, donated buffers, threads, and what is refused."""

import subprocess
import sys
import time

import jax
import jax.export
import numpy as np
import plain
import pytest
from jax import numpy as jnp
from memory import growth_of_failures

import danskin


def test_no_copies(load, draw):
    """Neither of operands nor of results, also where vmap repeats what is shared."""
    dtw = load("dtw").jax
    x, y, gamma = jnp.asarray(draw.normal(size=(3, 4, 2))), jnp.asarray(draw.normal(size=(5, 2))), jnp.float64(0.5)
    one = lambda a, b, g: tuple(dtw.grad(a, b, gamma=g))  # noqa: E731
    for function in (one, jax.vmap(one, in_axes=(0, None, None))):
        text = jax.jit(function).lower(x, y, gamma).compile().as_text()
        assert "custom-call" in text
        assert not any(word in text for word in (" copy(", " transpose(", " broadcast(")), text


def test_donated(load, draw):
    dtw = load("dtw").jax
    x, y = draw.normal(size=(3, 4, 2)), draw.normal(size=(3, 5, 2))
    step = jax.jit(lambda a, b: a - 0.1 * dtw.grad(a, b, wrt="x", gamma=0.5), donate_argnums=0)
    given = jnp.array(x)
    assert " copy(" not in step.lower(given, y).compile().as_text()
    found = step(given, y)
    assert given.is_deleted()
    one = jax.vmap(jax.grad(lambda a, b: plain.dtw(a, b, 0.5)))(x, y)
    np.testing.assert_allclose(found, x - 0.1 * one, rtol=1e-9)


BUSY = """
import jax, numpy as np, os
jax.config.update("jax_enable_x64", True)
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import danskin
dtw = danskin.load("examples/dtw/dtw.dp", reg="entropy").jax
many = [np.random.default_rng(k).normal(size=(9, 30, 2)) for k in range(24)]
function = jax.jit(lambda all: [dtw(x, x[:, ::-1], gamma=0.5) for x in all])
for _ in range(20):
    found = function(many)
expected = [dtw(x, x[:, ::-1], gamma=0.5) for x in many]
assert all(np.array_equal(a, b) for a, b in zip(found, expected))
"""


def test_nothing_waits_for_the_pool_of_xla():
    """Many calls at once, on one processor: who waited for XLA's threads would wait
    for the thread it is on."""
    subprocess.run([sys.executable, "-c", BUSY], check=True, timeout=120)


def test_number_of_threads(load, draw):
    """It counts when a call is traced, and results do not depend on it."""
    dtw = load("dtw").jax
    x, y = draw.normal(size=(40, 6, 2)), draw.normal(size=(5, 2))
    call = lambda a, b: tuple(dtw.grad(a, b, gamma=0.5))  # noqa: E731
    danskin.set_num_threads(1)
    try:
        text = jax.jit(call).lower(x, y).as_text()
        one = call(x, y)
    finally:
        danskin.set_num_threads(0)
    assert "threads = " in text and "threads = " not in jax.jit(lambda a, b: call(a, b)).lower(x, y).as_text()
    for a, b in zip(one, call(x, y)):
        np.testing.assert_array_equal(a, b)


def test_many_threads(load, draw):
    from concurrent.futures import ThreadPoolExecutor

    dtw = load("dtw").jax
    x, y = draw.normal(size=(5, 8, 2)), draw.normal(size=(5, 9, 2))
    function = jax.jit(lambda a, b: dtw(a, b, gamma=0.5))
    expected = np.array([plain.dtw(a, b, 0.5) for a, b in zip(x, y)])
    with ThreadPoolExecutor(100) as pool:
        for found in pool.map(lambda _: function(x, y), range(400)):
            np.testing.assert_allclose(found, expected, rtol=1e-9)


BAD = {
    "axis": (ValueError, "input `y`: axis 1 is 3, but must be `K` = 2", lambda f, x, y: f(x, np.ones((5, 3)))),
    "rank": (ValueError, "input `x`: it has 1 axes", lambda f, x, y: f(np.ones(4), y)),
    "batch": (ValueError, "axis 0 has 3 instances, but axis 0 of input `x` has 2",
              lambda f, x, y: f(np.stack([x] * 2), np.stack([y] * 3))),
    "half": (TypeError, "input `x`: has elements of bfloat16", lambda f, x, y: f(jnp.ones((4, 2), jnp.bfloat16), y)),
    "complex": (TypeError, "input `y`: has elements of complex128", lambda f, x, y: f(x, np.ones((5, 2), complex))),
    "mask": (TypeError, "input `x`: is a masked array", lambda f, x, y: f(np.ma.masked_less(x, 0), y)),
    "mask of a direction": (TypeError, "input `dir.x`: is a masked array",
                            lambda f, x, y: f.hvp(x, y, wrt="x", direction=np.ma.masked_less(x, 0))),
    "missing": (TypeError, "misses `y`", lambda f, x, y: f(x)),
    "no array": (TypeError, "input `x` must be an array", lambda f, x, y: f("x", y)),
    "name": (ValueError, "no derivative by `z`", lambda f, x, y: f.grad(x, y, wrt="z")),
    "empty": (ValueError, "N >= 1", lambda f, x, y: f(np.ones((0, 2)), y)),
    "lengths": (ValueError, "no size", lambda f, x, y: f(x, y, lengths={"Z": 1})),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("way", ["eager", "jit", "vmap"])
def test_refused(name, way, load, draw):
    kind, text, call = BAD[name]
    dtw = load("dtw").jax
    x, y = draw.normal(size=(4, 2)), draw.normal(size=(5, 2))
    wrap = {"eager": lambda f: f, "jit": jax.jit, "vmap": lambda f: lambda: jax.vmap(lambda _: f())(np.ones(2))}
    with pytest.raises(kind, match=text):
        wrap[way](lambda: call(dtw, x, y))()


@pytest.mark.parametrize("name, given", [("gamma", {"gamma": -1.0}), ("length", {"lengths": {"N": np.array(7)}})])
def test_values_are_seen_when_it_runs(name, given, load, draw):
    dtw = load("dtw").jax
    x, y = draw.normal(size=(4, 2)), draw.normal(size=(5, 2))
    with pytest.raises((ValueError, jax.errors.JaxRuntimeError), match=f"{name}.*it is (-1|7)"):
        jax.block_until_ready(jax.jit(lambda each: dtw(x, y, **each))(given))


def test_no_export(load):
    with pytest.raises(ValueError, match="no compatibility guarantees"):
        jax.export.export(jax.jit(load("dtw").jax))(np.ones((4, 2)), np.ones((5, 2)))


@pytest.fixture
def plain_tracebacks():
    """What JAX makes of them takes longer than the calls."""
    before = jax.config.jax_traceback_filtering
    jax.config.update("jax_traceback_filtering", "off")
    yield
    jax.config.update("jax_traceback_filtering", before)


def test_a_hundred_thousand_failing_calls(load, draw, plain_tracebacks):
    """Of those that fail when they are traced, and of those that fail when they run."""
    dtw = load("dtw").jax
    x, y, wrong = (jnp.asarray(draw.normal(size=shape)) for shape in ((3, 4, 2), (3, 5, 2), (3, 5, 3)))
    run = jax.jit(lambda gamma, n: dtw(x, y, gamma=gamma, lengths={"N": n}))
    good, bad, inside, outside = jnp.float64(1), jnp.float64(-1), jnp.array([1, 2, 4]), jnp.array([1, 2, 7])
    failing = [
        lambda k: dtw(x, wrong),
        lambda k: dtw("x", y),
        lambda k: dtw(x, y, lengths={"Z": inside}),
        lambda k: dtw(x, y, lengths={"N": inside[:2]}),
        lambda k: jax.block_until_ready(run(bad, inside)),
        lambda k: jax.block_until_ready(run(good, outside)),
    ]
    jax.block_until_ready(run(good, inside))
    assert growth_of_failures(failing, (ValueError, TypeError, jax.errors.JaxRuntimeError)) < 64 << 10


def measure(calls, repeats=100, count=50):
    """Microseconds a call takes: the least of many means, by turns, for other work on
    the machine only adds."""
    best = [float("inf")] * len(calls)
    for _ in range(repeats):
        for k, call in enumerate(calls):
            started = time.perf_counter()
            for _ in range(count):
                jax.block_until_ready(call())
            best[k] = min(best[k], (time.perf_counter() - started) / count * 1e6)
    return best


def test_overhead(load, draw, capsys):
    """Of the least work there is, under jit and with its result waited for: at most three
    times what logsumexp takes beside it."""
    dtw = load("dtw").jax
    x, y, z = (jnp.asarray(draw.normal(size=(2, 2, 1))) for _ in range(3))
    lengths = {"N": jnp.array([1, 2]), "M": jnp.array([2, 2])}
    logsumexp = jax.jit(lambda z: jax.nn.logsumexp(z, 1))
    its_gradient = jax.jit(jax.grad(lambda z: logsumexp(z).sum()))
    value = jax.jit(lambda x, y: dtw(x, y, gamma=0.1))
    ragged = jax.jit(lambda x, y, lengths: dtw(x, y, gamma=0.1, lengths=lengths))
    gradient = jax.jit(jax.grad(lambda x, y: dtw(x, y, gamma=0.1).sum(), (0, 1)))
    calls = {
        "logsumexp": lambda: logsumexp(z),
        "logsumexp's gradient": lambda: its_gradient(z),
        "value": lambda: value(x, y),
        "ragged value": lambda: ragged(x, y, lengths),
        "gradient": lambda: gradient(x, y),
    }
    for call in calls.values():
        jax.block_until_ready(call())
    found = dict(zip(calls, measure(list(calls.values()))))
    with capsys.disabled():
        print("\nus a jitted call:", ", ".join(f"{what} {time:.1f}" for what, time in found.items()))
    assert max(found["value"], found["ragged value"]) <= max(30, 3 * found["logsumexp"])
    assert found["gradient"] <= max(40, 3 * found["logsumexp's gradient"])


def test_pickles(load, draw):
    import pickle

    program = pickle.loads(pickle.dumps(load("dtw")))
    x, y = draw.normal(size=(4, 2)), draw.normal(size=(5, 2))
    assert program.jax(x, y, gamma=0.5) == load("dtw").jax(x, y, gamma=0.5)
