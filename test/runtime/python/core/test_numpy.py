"""NumPy as a host, held against the reference interpreter."""

import jax
import numpy as np
import pytest
import torch
from jax import numpy as jnp
from oracle import example, interpret, prefixed
from ragged import SUBJECTS, draw_lengths, make

import danskin

CASES = [(name, reg) for name, (regs, _) in SUBJECTS.items() for reg in regs]


def close(found, expected, tolerance=1e-9):
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name,reg", CASES)
def test_all_queries_of_a_ragged_batch(name, reg, draw):
    program, sizes = danskin.zoo.load(name, reg), SUBJECTS[name][1]
    inputs, lengths = make(program, draw, sizes, (4,)), draw_lengths(name, draw, sizes, 4)
    wrt = program.description.float_inputs
    output = program.description.outputs[0].name
    directions = {each: draw.normal(size=inputs[each].shape) for each in wrt}
    cotangent = draw.normal(size=4)
    arrays = {**inputs, **prefixed("len", lengths), f"ct.{output}": cotangent, **prefixed("dir", directions)}
    expected = interpret(example(name), ["value", "grad", "hvp"], arrays, reg, 0.7, wrt)
    host = program.numpy
    close(host(**inputs, gamma=0.7, lengths=lengths), expected[output])
    value, grads = host.value_and_grad(**inputs, gamma=0.7, lengths=lengths, cotangent=cotangent)
    close(value, expected[output])
    jvp, hvps = host.jvp_and_hvp(**inputs, gamma=0.7, lengths=lengths, cotangent=cotangent, direction=directions)
    close(jvp, expected[f"jvp.{output}"])
    for each, grad, hvp in zip(wrt, grads, hvps):
        close(grad, expected[f"grad.{each}"])
        close(hvp, expected[f"hvp.{each}"])


def test_gradient_by_a_let_and_gamma(draw):
    dtw = danskin.zoo.load("dtw", "entropy")
    x, y = draw.normal(size=(4, 2)), draw.normal(size=(5, 2))
    expected = interpret(example("dtw"), ["grad"], {"x": x, "y": y}, "entropy", 0.3, ("d", "gamma"))
    close(dtw.numpy.grad(x, y, wrt="d", gamma=0.3), expected["grad.d"])
    found = dtw.numpy.grad(x, y, wrt=("gamma", "d"), gamma=0.3)
    close(found.gamma, expected["grad.gamma"])
    close(found.d, expected["grad.d"])


def test_gamma_of_each_instance(draw):
    dtw = danskin.zoo.load("dtw", "entropy")
    x, y, gamma = draw.normal(size=(3, 4, 2)), draw.normal(size=(5, 2)), np.array([0.1, 1.0, 3.0])
    expected = [interpret(example("dtw"), ["value"], {"x": x[b], "y": y}, "entropy", g)["cost"]
                for b, g in enumerate(gamma)]  # fmt: skip
    close(dtw.numpy(x, y, gamma=gamma), expected)


LAYOUTS = {
    "fortran": np.asfortranarray,
    "negative": lambda a: a[..., ::-1].copy()[..., ::-1],
    "gaps": lambda a: np.repeat(np.repeat(a, 2, 0), 3, -1)[::2, ..., ::3],
    "read-only": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
    "swapped": lambda a: a.astype(a.dtype.newbyteorder()),
    "odd address": lambda a: np.frombuffer(b"\0" + a.tobytes(), np.uint8)[1:].view(a.dtype).reshape(a.shape),
    "list": lambda a: a.tolist(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout, draw):
    dtw = danskin.zoo.load("dtw", "entropy")
    x, y = draw.normal(size=(3, 4, 2)), draw.normal(size=(3, 5, 2))
    expected = dtw.numpy.grad(x, y)
    found = dtw.numpy.grad(LAYOUTS[layout](x), LAYOUTS[layout](y))
    for one, other in zip(found, expected):
        assert one.dtype == np.float64
        np.testing.assert_array_equal(one, other)


def test_an_array_of_stride_0_is_not_copied():
    dtw = danskin.zoo.load("dtw", "entropy")
    x = np.broadcast_to(np.float32(0), (3, 10**6, 10**6))
    assert dtw.numpy(x, np.zeros((1, 10**6), "f4"), lengths={"N": 1, "M": 1, "K": 2}).shape == (3,)


def test_nothing_is_written_to_inputs(draw):
    dtw = danskin.zoo.load("dtw", "entropy")
    x, y = draw.normal(size=(4, 2)), draw.normal(size=(5, 2))
    before = x.copy(), y.copy()
    dtw.numpy.grad(x, y)
    np.testing.assert_array_equal((x, y)[0], before[0])
    np.testing.assert_array_equal((x, y)[1], before[1])


def test_arrays_without_elements():
    ctc, dtw = danskin.zoo.ctc, danskin.zoo.dtw
    assert ctc.numpy(np.zeros((0, 3)), np.zeros(0, int)) == 0
    assert dtw.numpy(np.zeros((2, 0)), np.zeros((3, 0))) == 0
    assert dtw.numpy(np.zeros((0, 2, 1)), np.zeros((0, 3, 1))).shape == (0,)
    assert dtw.numpy.grad(np.zeros((0, 2, 1)), np.zeros((3, 1)), wrt="y").tolist() == [[0.0]] * 3


class Foreign:
    """An array of another library: nothing but DLPack."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


class Old(Foreign):
    """Of before DLPack 1.0, which knows no versions and no read-only arrays."""

    def __dlpack__(self, stream=None):
        return self.array.__dlpack__()


class Faulty(Foreign):
    def __dlpack__(self, **options):
        return self.array.nothing


class Empty(Foreign):
    def __dlpack__(self, **options):
        return None


def to_torch(array, **options):
    return torch.tensor(array, **{"dtype": torch.float64, **options})


def to_jax(array, dtype="f8"):
    with jax.enable_x64(True):
        return jnp.asarray(array, dtype)


PRODUCERS = {
    "numpy": Foreign,
    "read-only": lambda a: Foreign(LAYOUTS["read-only"](a)),
    "negative": lambda a: Foreign(np.asarray(np.flip(np.array(np.flip(a))))),
    "gaps": lambda a: Foreign(np.stack([a, a], -1)[..., 0]),
    "old": Old,
    "old of torch": lambda a: Old(to_torch(a)),
    "torch": to_torch,
    "torch transposed": lambda a: to_torch(a.T).T,
    "torch detached": lambda a: to_torch(a, requires_grad=True).detach(),
    "torch frozen": lambda a: torch.nn.Parameter(to_torch(a), requires_grad=False),
    "jax": to_jax,
}


@pytest.mark.parametrize("kind", PRODUCERS)
def test_anything_with_dlpack(kind, draw):
    dtw = danskin.zoo.load("dtw", "entropy")
    x, y = draw.normal(size=(4, 2)), draw.normal(size=(5, 2))
    make = PRODUCERS[kind]
    found = dtw.numpy.grad(make(x), make(y), gamma=make(np.array(0.5)))
    for one, other in zip(found, dtw.numpy.grad(x, y, gamma=0.5)):
        np.testing.assert_array_equal(one, other)
    assert dtw.numpy(make(np.zeros((4, 0))), make(np.zeros((5, 0)))) == dtw.numpy(np.zeros((4, 0)), np.zeros((5, 0)))
    product = dtw.numpy.hvp(x, y, direction=(make(y[:4]), make(x[[0, 1, 2, 3, 0]])), cotangent=make(np.array(2.0)))
    for one, other in zip(product, dtw.numpy.hvp(x, y, direction=(y[:4], x[[0, 1, 2, 3, 0]]), cotangent=2.0)):
        np.testing.assert_array_equal(one, other)


INTS = {
    **{name: lambda a, name=name: Foreign(a.astype(name)) for name in ("i1", "i4", "i8", "u1", "u8")},
    "old": Old,
    "torch": lambda a: to_torch(a, dtype=torch.int16),
    "jax": lambda a: to_jax(a, "i4"),
}


@pytest.mark.parametrize("kind", INTS)
def test_ints_with_dlpack(kind, draw):
    ctc, make = danskin.zoo.ctc, INTS[kind]
    scores, labels, lengths = draw.normal(size=(2, 5, 3)), np.array([[1, 2], [2, 2]]), np.array([4, 5])
    found = ctc.numpy(scores, make(labels), lengths={"T": make(lengths), "L": make(np.array(2))})
    np.testing.assert_array_equal(found, ctc.numpy(scores, labels, lengths={"T": lengths, "L": 2}))


REFUSED = {
    "swapped": (lambda a: Foreign(LAYOUTS["swapped"](a)), "native byte order"),
    "complex": (lambda a: Foreign(a.astype(complex)), "complex128"),
    "longdouble": (lambda a: Foreign(a.astype("g")), "cannot be read through DLPack"),
    "old, read-only": (lambda a: Old(LAYOUTS["read-only"](a)), "readonly"),
    "faulty": (Faulty, "no attribute 'nothing'"),
    "without a capsule": (Empty, "cannot be read through DLPack"),
    "torch requires grad": (lambda a: to_torch(a, requires_grad=True), r"require gradient.*detach"),
    "torch of half precision": (lambda a: to_torch(a, dtype=torch.bfloat16), "Unsupported dtype"),
    "torch sparse": (lambda a: to_torch(a).to_sparse(), "strided"),
    "torch without memory": (lambda a: to_torch(a).to("meta"), "meta"),
    "jax of half precision": (lambda a: to_jax(a, "bfloat16"), "Unsupported dtype"),
    "text": (lambda a: a.astype(str), "has elements of <U"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_dlpack_cannot_say(kind, draw):
    """The message names what was given, wherever that is."""
    dtw = danskin.zoo.load("dtw", "entropy")
    x, y = draw.normal(size=(4, 2)), draw.normal(size=(5, 2))
    make, message = REFUSED[kind]
    bad = make(x)
    calls = {
        "input `x`": lambda: dtw.numpy(bad, y),
        "input `gamma`": lambda: dtw.numpy(x, y, gamma=bad),
        "input `ct.cost`": lambda: dtw.numpy.grad(x, y, cotangent=bad),
        "input `dir.x`": lambda: dtw.numpy.hvp(x, y, direction={"x": bad}),
    }
    for name, call in calls.items():
        with pytest.raises((TypeError, ValueError), match=f"{name}:? .*{message}"):
            call()
    with pytest.raises((TypeError, ValueError), match="lengths of `N`"):
        dtw.numpy(x, y, lengths={"N": bad})


def test_lists_of_different_lengths():
    with pytest.raises(ValueError, match="input `x`: .*inhomogeneous"):
        danskin.zoo.dtw.numpy([[1.0], [1.0, 2.0]], [[1.0]])


def test_a_tracer_is_no_array(draw):
    dtw = danskin.zoo.load("dtw", "entropy")
    with pytest.raises(TypeError, match="input `x`: .*[Tt]racer"):
        jax.jit(lambda x: dtw.numpy(x, np.ones((5, 2))))(np.ones((4, 2)))


def test_types(draw):
    dtw = danskin.zoo.load("dtw", "entropy")
    x, y = draw.normal(size=(4, 2)), draw.normal(size=(5, 2))
    single = dtw.numpy(x.astype("f4"), y.astype("f4"))
    double = dtw.numpy(x, y)
    assert single.dtype == np.float32 and double.dtype == np.float64
    close(single, double, 1e-5)
    assert dtw.numpy(x.astype("f4"), y).dtype == np.float64
    assert dtw.numpy(x.astype("f2"), y.astype("f4")).dtype == np.float32
    assert dtw.numpy(np.eye(3, dtype=int), np.eye(4, 3, dtype=int)).dtype == np.float64
    # A plain number follows the arrays.
    sw3 = danskin.zoo.load("sw3")
    args = (np.array([0, 1]), np.array([1, 1, 0], "i4"), np.eye(2, dtype="f4"))
    assert sw3.numpy(*args, 0.5, 0.25).dtype == np.float32
    assert sw3.numpy(args[0].astype("u1"), *args[1:], 0.5, 0.25) == sw3.numpy(*args, 0.5, 0.25)


def test_sizes_that_no_shape_determines(draw):
    program = danskin.zoo.load("valueiter", "entropy")
    R, P = draw.normal(size=(3, 2)), draw.random((3, 2, 3))
    expected = interpret(example("valueiter"), ["value"], {"R": R, "P": P, "discount": 0.9}, "entropy", sizes={"K": 4})
    close(program.numpy(R, P, 0.9, K=4), expected["value"])
    with pytest.raises(TypeError, match="misses `K`"):
        program.numpy(R, P, 0.9)
    with pytest.raises(TypeError, match="size `K` must be a whole number"):
        program.numpy(R, P, 0.9, K=1.5)


def test_graphs():
    program = danskin.zoo.dagpath
    indptr, src, w = np.array([0, 0, 1, 3]), np.array([0, 0, 1]), np.array([1.0, 3.0, 1.0])
    assert program.numpy((indptr, src), w) == 2
    scipy = pytest.importorskip("scipy.sparse")
    rows = scipy.csr_matrix((w, src, indptr), shape=(3, 3))
    assert program.numpy(rows, w) == 2
    with pytest.raises(TypeError, match="input `g` is a dag"):
        program.numpy(3, w)


def test_several_programs_and_outputs():
    text = """dp 1
    program one { input x : float  output y = max { x | 0 }  output z = x^2 }
    program two { input lambda : float[N]  size N  output y = sum { lambda[i] for i in 0..N } }
    """
    with pytest.raises(ValueError, match="one, two"):
        danskin.compile(text)
    one, two = danskin.compile(text, program="one"), danskin.compile(text, program="two")
    found = one.numpy(-3.0)
    assert found.y == 0 and found.z == 9
    assert one.numpy.grad(-3.0, wrt="x") == -6
    assert one.numpy.grad(3.0, wrt="x", cotangent={"y": 0.0, "z": 1.0}) == 6
    assert two.numpy(lambda_=[1.0, 2.0]) == 3


FAULTS = [
    (ValueError, r"`y`: axis 1 is 3, but must be `K` = 2", lambda f, x, y: f(x, y[:, [0, 0, 0]])),
    (ValueError, r"`x`.*1", lambda f, x, y: f(x[0], y)),
    (ValueError, r"gamma", lambda f, x, y: f(x, y, gamma=-1.0)),
    (ValueError, r"gamma", lambda f, x, y: f(x, y, gamma=float("nan"))),
    (ValueError, r"lengths has `Q`", lambda f, x, y: f(x, y, lengths={"Q": 1})),
    (TypeError, r"lengths must be a dict", lambda f, x, y: f(x, y, lengths=np.array([3, 2]))),
    (ValueError, r"`N`.*9", lambda f, x, y: f(x, y, lengths={"N": 9})),
    (TypeError, r"lengths of `N` must be ints", lambda f, x, y: f(x, y, lengths={"N": 1.5})),
    (ValueError, r"3.*2|2.*3", lambda f, x, y: f(np.stack([x] * 3), np.stack([y] * 2))),
    (TypeError, r"input `x`.*complex128", lambda f, x, y: f(x.astype(complex), y)),
    (TypeError, r"input `x`", lambda f, x, y: f(object(), y)),
    (TypeError, r"input `y`: is a masked array", lambda f, x, y: f.grad(x, np.ma.masked_invalid(y), wrt="x")),
    (TypeError, r"lengths of N`: is a masked array", lambda f, x, y: f(x, y, lengths={"N": np.ma.array([1, 2])})),
    (TypeError, r"ct.*`: is a masked array", lambda f, x, y: f.grad(x, y, cotangent=np.ma.array(1.0))),
    (TypeError, r"dir\.y`: is a masked array", lambda f, x, y: f.hvp(x, y, direction=(x, np.ma.array(y)))),
    (TypeError, r"misses `y`", lambda f, x, y: f(x)),
    (TypeError, r"unexpected `z`", lambda f, x, y: f(x, y, z=1)),
    (TypeError, r"`x` twice", lambda f, x, y: f(x, y, x=x)),
    (TypeError, r"takes 2 inputs", lambda f, x, y: f(x, y, x)),
    (ValueError, r"no derivative by `q`", lambda f, x, y: f.grad(x, y, wrt="q")),
    (ValueError, r"direction has 1 members", lambda f, x, y: f.hvp(x, y, direction=(x,))),
    (ValueError, r"direction has `d`", lambda f, x, y: f.hvp(x, y, direction={"d": x})),
]


@pytest.mark.parametrize("kind,message,call", FAULTS)
def test_faults(kind, message, call, draw):
    dtw = danskin.zoo.load("dtw", "entropy")
    with pytest.raises(kind, match=message):
        call(dtw.numpy, draw.normal(size=(4, 2)), draw.normal(size=(5, 2)))


def test_a_label_out_of_its_range():
    with pytest.raises(ValueError, match="`y`.*7"):
        danskin.zoo.ctc.numpy(np.zeros((4, 3)), np.array([1, 7]))


def test_no_path_of_a_general_program():
    with pytest.raises(ValueError, match="class general has no argmax"):
        danskin.zoo.valueiter.numpy.argmax(np.ones((1, 1)), np.ones((1, 1, 1)), 0.5, K=1)


def test_threads_give_the_same_bits(draw):
    dtw = danskin.zoo.load("dtw", "entropy")
    x, y = draw.normal(size=(70, 9, 2)).astype("f4"), draw.normal(size=(8, 2)).astype("f4")
    before = danskin.get_num_threads()
    try:
        results = []
        for count in (1, 2, 5, 0):
            danskin.set_num_threads(count)
            results.append(dtw.numpy.grad(x, y))
    finally:
        danskin.set_num_threads(before)
    for each in results[1:]:
        np.testing.assert_array_equal(each.x, results[0].x)
        np.testing.assert_array_equal(each.y, results[0].y)
    with pytest.raises(ValueError):
        danskin.set_num_threads(-1)
