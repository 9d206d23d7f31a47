"""Every example, every entry, against the reference interpreter."""

import jax
import numpy as np
import pytest
from oracle import example, interpret, prefixed
from subjects import SUBJECTS

import danskin

BATCH, GAMMA = 3, 0.75
TOLERANCE = {"f4": 3e-5, "f8": 1e-10}


def is_shared(program, name):
    return any(each.name == name.partition(".")[0] and each.shared for each in program.description.inputs)


def make(subject, program, draw, dtype):
    """Inputs by name, those that the program shares without a batch."""
    instances = [subject.make(draw, subject.largest()) for _ in range(BATCH)]
    stacked = {name: instances[0][name] if is_shared(program, name) else np.stack([each[name] for each in instances])
               for name in instances[0]}  # fmt: skip
    return {name: np.asarray(each, dtype if np.asarray(each).dtype.kind == "f" else "i4")
            for name, each in stacked.items()}  # fmt: skip


def as_arguments(program, arrays):
    """A dag is one argument."""
    found = {}
    for each in program.description.inputs:
        values = [arrays[name] for name in each.abi_names]
        found[each.name] = tuple(values) if len(values) > 1 else values[0]
    return found


def close(found, expected, dtype):
    scale = max(1.0, np.abs(expected).max(initial=0, where=np.isfinite(expected)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE[dtype] * scale)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_entries(subject, dtype, draw):
    program = danskin.load(subject.path, reg="entropy")
    sizes = {each.name: subject.largest()[each.name] for each in program.description.sizes if each.argument}
    arrays = make(subject, program, draw, dtype)
    arguments = as_arguments(program, arrays)
    names, outputs = program.description.float_inputs, [each.name for each in program.description.outputs]
    directions = {name: np.asarray(draw.normal(size=arrays[name].shape), dtype) for name in names}
    jvps, hvps = program.jax.jvp_and_hvp(**arguments, **sizes, gamma=GAMMA, direction=directions)
    values, gradients = jax.jit(lambda given: program.jax.value_and_grad(**given, **sizes, gamma=GAMMA))(arguments)
    oracle = interpret(subject.path, ["value", "grad", "hvp"], {**arrays, **prefixed("dir", directions)}, "entropy",
                       GAMMA, sizes=sizes)  # fmt: skip
    single = len(outputs) == 1
    for name, value, jvp in zip(outputs, (values,) if single else values, (jvps,) if single else jvps):
        assert value.dtype == np.dtype(dtype)
        close(value, oracle[name], dtype)
        close(jvp, oracle[f"jvp.{name}"], dtype)
    for name, gradient, hvp in zip(names, gradients, hvps):
        assert gradient.shape == arrays[name].shape and gradient.dtype == np.dtype(dtype)
        close(gradient, oracle[f"grad.{name}"], dtype)
        close(hvp, oracle[f"hvp.{name}"], dtype)


PATHS = [each for each in SUBJECTS if each.name not in ("valueiter", "tempered")]


@pytest.mark.parametrize("subject", PATHS, ids=lambda subject: subject.name)
def test_argmax(subject, draw):
    program = danskin.load(subject.path, reg="entropy")
    sizes = {each.name: subject.largest()[each.name] for each in program.description.sizes if each.argument}
    arrays = make(subject, program, draw, "f8")
    arguments = as_arguments(program, arrays)
    found = jax.jit(lambda given: program.jax.argmax(**given, **sizes))(arguments)
    oracle = interpret(subject.path, ["argmax"], arrays, sizes=sizes)
    np.testing.assert_array_equal(found.length, oracle["argmax.length"])
    for b, length in enumerate(oracle["argmax.length"]):
        np.testing.assert_array_equal(found.rows[b, :length], oracle["argmax"][b, :length])
        assert len(found.path(b)) == length


def test_ragged(load, draw):
    dtw = load("dtw")
    x, y = draw.normal(size=(4, 6, 2)), draw.normal(size=(4, 5, 2))
    n, m = np.array([6, 3, 1, 4]), np.array([5, 5, 2, 1])
    arrays = {"x": x, "y": y, "len.N": n, "len.M": m}
    oracle = interpret(example("dtw"), ["value", "grad"], arrays, "entropy", 0.5)
    poisoned = np.where(np.arange(6)[:, None] < n[:, None, None], x, np.nan)

    @jax.jit
    def both(a, b, n, m):
        return dtw.jax.value_and_grad(a, b, gamma=0.5, lengths={"N": n, "M": m})

    value, gradients = both(poisoned, y, n, m)
    close(value, oracle["cost"], "f8")
    close(gradients.x, oracle["grad.x"], "f8")
    close(gradients.y, oracle["grad.y"], "f8")
    assert all((np.asarray(gradients.x)[b, length:] == 0).all() for b, length in enumerate(n))


def test_lets(load, draw):
    x, y = draw.normal(size=(3, 4, 2)), draw.normal(size=(3, 5, 2))
    found = load("dtw").jax.grad(x, y, wrt="d", gamma=0.5)
    oracle = interpret(example("dtw"), ["grad"], {"x": x, "y": y}, "entropy", 0.5, ("d",))
    close(found, oracle["grad.d"], "f8")


def test_without_x64(load, draw):
    x, y = draw.normal(size=(3, 4, 2)), draw.normal(size=(3, 5, 2))
    oracle = interpret(example("dtw"), ["value", "grad"], {"x": x, "y": y}, "entropy", 0.5, ("gamma",))
    with jax.enable_x64(False):
        dtw = load("dtw").jax
        value, gradient = jax.value_and_grad(lambda gamma: dtw(x, y, gamma=gamma).sum())(0.5)
        path = dtw.argmax(x, y)
    assert value.dtype == gradient.dtype == np.float32 and path.rows.dtype == np.int32
    close(value, oracle["cost"].sum(), "f4")
    close(gradient, oracle["grad.gamma"], "f4")
