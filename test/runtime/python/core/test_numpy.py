"""NumPy as a host, held against the reference interpreter."""

import numpy as np
import pytest
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


def test_anything_with_dlpack(draw):
    dtw = danskin.zoo.load("dtw", "entropy")
    x, y = draw.normal(size=(4, 2)), draw.normal(size=(5, 2))
    assert dtw.numpy(Foreign(x[::-1]), Foreign(y.T.copy().T)) == dtw.numpy(x[::-1], y)


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
    (ValueError, r"`N`.*9", lambda f, x, y: f(x, y, lengths={"N": 9})),
    (TypeError, r"lengths of `N` must be ints", lambda f, x, y: f(x, y, lengths={"N": 1.5})),
    (ValueError, r"3.*2|2.*3", lambda f, x, y: f(np.stack([x] * 3), np.stack([y] * 2))),
    (TypeError, r"input `x`.*complex128", lambda f, x, y: f(x.astype(complex), y)),
    (TypeError, r"input `x`", lambda f, x, y: f(object(), y)),
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
