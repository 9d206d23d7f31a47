"""Arrays on a GPU through `Program.numpy`, on a driver that is a stub: what kernels
are given, where and in which order; results go back to the library that brought the
arrays. The GPU's memory is the CPU's, and what kernels would compute the CPU does."""

import gc
import re
import sys
import types

import gpuarrays
import numpy as np
import pytest
import stubcuda
from gpuarrays import Array, Older, asarray

import danskin
from danskin import driver, gpu
from danskin.dlpack import DeviceArray

DTW = danskin.zoo.load("dtw", "entropy")


@pytest.fixture
def stub(monkeypatch):
    """The driver; both libraries have been imported."""
    monkeypatch.setitem(sys.modules, "ringo", gpuarrays.ringo)
    monkeypatch.setitem(sys.modules, "cupy", gpuarrays.cupy)
    monkeypatch.setattr(gpuarrays.MemoryPointer, "log", [])
    stub = stubcuda.load()
    stub.reset()
    yield stub
    gc.collect()
    stub.reset()


@pytest.fixture
def pair(draw):
    return draw.normal(size=(3, 4, 2)), draw.normal(size=(3, 5, 2))


def write(stub, query, results, wrt=None, dtype="f64", program=DTW):
    """Lets kernels write results, {name: array}; what each is given, in a list of
    (inputs, outputs, sizes)."""
    entry = program.entry(query, dtype, wrt, "cuda:sm_90")
    types = {each["name"]: each["type"] for each in entry.outputs}
    given = []

    def run(launch):
        if not launch.kernel.endswith("_kernel"):
            return
        given.append(launch.read(entry.manifest))
        for name, array in given[-1][1].items():
            array.view(types[name])[...] = results[name]

    stub.on_launch = run
    return given


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("make", [Array, Older, asarray])
def test_a_kernel_gets_the_arrays_themselves(make, number, stub, pair):
    x, y = pair
    stub.place(number)
    arrays = [make(each) if make is Older else make(each, number) for each in pair]
    expected = DTW.numpy(x, y, gamma=0.5)
    given = write(stub, "value", {"cost": expected})
    with gpuarrays.current_stream(33):
        found = DTW.numpy(*arrays, gamma=0.5)
    ((inputs, outputs, sizes),) = given
    for name, array in (("x", x), ("y", y)):
        assert inputs[name].data == array.ctypes.data and inputs[name].shape == array.shape
    assert inputs["gamma"].view("f64") == 0.5
    assert sizes == [(4, 0), (5, 0), (2, 0)]
    stream = 33 if make is asarray else 0
    assert [(each.device, each.stream) for each in stub.launches] == [(number, stream)]
    assert type(found) is {Array: Array, Older: DeviceArray, asarray: gpuarrays.ndarray}[make]
    values = found.get() if make is Older else found.array
    np.testing.assert_array_equal(values, expected)
    if make is not Older:
        assert outputs["cost"].data == values.ctypes.data and found.gpu == number
        assert not [line for line in stub.log() if "load" in line], "neither an upload nor a download"


@pytest.mark.parametrize("make", [Array, Older, asarray])
def test_any_strides(make, stub, draw):
    room = draw.normal(size=(4, 6, 5))
    x, y = room[::2, 1:5, ::3], draw.normal(size=(2, 5)).T
    given = write(stub, "value", {"cost": 0})
    for arrays in ((np.array(x, order="C"), np.array(y, order="C")), (x, y)):
        DTW.numpy(*map(make, arrays))
        inputs = given.pop()[0]
        np.testing.assert_array_equal(inputs["x"].view("f64"), x)
        np.testing.assert_array_equal(inputs["y"].view("f64")[0], y)


class TorchStream:
    cuda_stream = 21


class AnyStream:
    def __cuda_stream__(self):
        return 0, 22


STREAMS = {"address": (20, 20), "legacy": (0, 0), "of PyTorch": (TorchStream(), 21), "any": (AnyStream(), 22),
           "of CuPy": (gpuarrays.Stream(23), 23), "of NumPy": (np.int64(24), 24)}  # fmt: skip


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("make", [Array, asarray])
def test_the_stream_of_the_caller(make, kind, stub, pair):
    """Arrays are asked for in its order, and 0 is called 1 there."""
    stream, address = STREAMS[kind]
    arrays = [make(each) for each in pair]
    DTW.numpy(*arrays, stream=stream)
    assert [each.stream for each in stub.launches] == [address]
    assert [each.asked for each in arrays] == [[address or 1]] * 2
    assert {each[2] for each in gpuarrays.MemoryPointer.log} == ({address} if make is asarray else set())


def test_a_stream_for_cupy_before_14(stub, pair, monkeypatch):
    others = {"Stream": object, "ExternalStream": gpuarrays.Stream}
    before = types.SimpleNamespace(**{**vars(gpuarrays.cupy.cuda), **others})
    monkeypatch.setattr(gpuarrays.cupy, "cuda", before)
    DTW.numpy(*(asarray(each, 1) for each in pair), stream=20)
    assert [(each.device, each.stream) for each in stub.launches] == [(1, 20)]


def test_the_order_of_streams(stub, pair):
    """What an array's stream does comes before, what a result's reader does after; the
    memory goes back after both."""
    x, y = pair
    result = DTW.numpy(Older(x, stream=7), Array(y), stream=5)
    log = stub.log()
    assert log[:3] + log[4:] == ["record stream 7", "wait stream 5", "allocate 24 on 0, stream 5",
                                 "launch dtw_value_f64_kernel on 0, stream 5", "free on 0, stream 5"]  # fmt: skip
    assert re.fullmatch("allocate [0-9]+ on 0, stream 5", log[3]), "the workspace"
    taken = gpuarrays.to_ringo(result)
    assert stub.log() == ["record stream 5", "wait stream 9"]
    del result
    gc.collect()
    assert stub.log() == [], "who has taken it over has it"
    del taken
    gc.collect()
    assert stub.log() == ["record stream 9", "wait stream 5", "free on 0, stream 5"]


def test_a_result_that_nobody_takes_over(stub, pair):
    result = DTW.numpy(*map(Older, pair), stream=5)
    assert result.__cuda_array_interface__["stream"] == 5
    capsule = result.__dlpack__(stream=-1)
    with pytest.raises(BufferError):
        result.__dlpack__(copy=True)
    stub.log()
    del result
    gc.collect()
    assert stub.log() == []
    del capsule
    gc.collect()
    assert stub.log() == ["free on 0, stream 5"]


def test_memory_of_cupy_is_from_its_pool(stub, pair):
    """For results and workspace, in the order of its current stream."""
    with gpuarrays.current_stream(33):
        DTW.numpy.value_and_grad(*map(asarray, pair), wrt="x")
    assert stub.log() == ["launch dtw_value_grad_f64_kernel on 0, stream 33"]
    assert [each[1:] for each in gpuarrays.MemoryPointer.log] == [(0, 33)] * 3
    assert sorted(each[0] for each in gpuarrays.MemoryPointer.log)[:2] == [24, 3 * 4 * 2 * 8]


@pytest.mark.parametrize("make", [Array, asarray])
def test_lengths(make, stub, pair):
    """Those of the GPU are read where they lie, those of the CPU are copied there."""
    arrays, lengths = [make(each) for each in pair], np.array([1, 2, 4], "i4")
    seen = []
    entry = DTW.entry("value", "f64", None, "cuda:sm_90")

    def look(launch):
        (_, n), (_, m), _ = launch.read(entry.manifest)[2]
        seen.append((n, stubcuda.ctypes.c_int64.from_address(m).value))

    stub.on_launch = look
    DTW.numpy(*arrays, lengths={"N": make(lengths), "M": 3})
    assert seen == [(lengths.ctypes.data, 3)]
    assert [line for line in stub.log() if "load" in line] == ["upload 8 on 0, stream 0"]


def test_all_queries(stub, draw):
    """Cotangents and directions lie on the GPU too; a path is fetched to be read."""
    x, y = draw.normal(size=(4, 2)), draw.normal(size=(5, 2))
    value, gradients = DTW.numpy.value_and_grad(x, y, cotangent=2.0)
    jvp, products = DTW.numpy.jvp_and_hvp(x, y, direction=(x, y))
    best = DTW.numpy.argmax(x, y)
    on_gpu = Array(x), Array(y)
    write(stub, "grad", {"cost": value, "grad.x": gradients.x, "grad.y": gradients.y})
    found = DTW.numpy.grad(*on_gpu, cotangent=Array(np.array(2.0)))
    for one, other in zip(found, gradients):
        np.testing.assert_array_equal(one.array, other)
    write(stub, "hvp", {"cost": value, "jvp.cost": jvp, "hvp.x": products.x, "hvp.y": products.y})
    found, second = DTW.numpy.jvp_and_hvp(*on_gpu, direction={"x": Array(x), "y": Array(y)})
    np.testing.assert_array_equal(found.array, jvp)
    np.testing.assert_array_equal(second.x.array, products.x)
    write(stub, "argmax", {"cost": best.value, "argmax": best.rows, "argmax.length": best.length})
    assert DTW.numpy.argmax(Older(x), Older(y)).path() == best.path()


def test_numbers_of_the_cpu(stub):
    """Inputs of rank 0 may be numbers."""
    sw3 = danskin.zoo.load("sw3", "entropy")
    given = write(stub, "value", {"score": 0}, dtype="f32", program=sw3)
    arrays = np.array([0, 1]), np.array([1, 1, 0]), np.eye(2, dtype="f4")
    sw3.numpy(*map(Array, arrays), 0.5, np.float64(0.25), gamma=np.array(2.0))
    values = {name: each.value for name, each in given[0][0].items()}
    names = [each["name"] for each in sw3.entry("value", "f32").inputs]
    assert [values[name] is None for name in names] == [True, True, True, False, False, False]
    assert given[0][0][names[3]].view("f32") == 0.5 and given[0][0]["gamma"].view("f64") == 2


def test_arrays_without_elements(stub):
    assert DTW.numpy(Array(np.zeros((0, 4, 2))), Array(np.zeros((5, 2)))).array.shape == (0,)
    assert stub.launches == []


def test_a_layout_is_described_once(stub, pair, monkeypatch):
    arrays = [Array(each) for each in pair]
    DTW.numpy(*arrays)
    monkeypatch.setattr(gpu, "Plan", None)
    DTW.numpy(*arrays, gamma=2.0)
    with pytest.raises(TypeError, match="not callable"):
        DTW.numpy(Array(pair[0][:2]), Array(pair[1][:2]))


def test_elements_that_cupy_converts(stub, pair):
    """In its own order; others are asked to."""
    x, y = pair
    given = write(stub, "value", {"cost": 0})
    assert DTW.numpy(asarray(x), asarray(y.astype("f4"))).array.dtype == np.float64
    np.testing.assert_array_equal(given[0][0]["y"].view("f64"), y.astype("f4"))
    assert DTW.numpy(asarray(x.astype("f2")), asarray(y.astype("f4"))).array.dtype == np.float32
    ctc = danskin.zoo.load("ctc")
    given = write(stub, "value", {ctc.description.outputs[0].name: 0}, program=ctc)
    assert ctc.numpy(asarray(x), asarray(np.ones((3, 1), "i4"))).array.shape == (3,)
    np.testing.assert_array_equal(given[0][0]["y"].view("i64"), np.ones((3, 1)))


class Faulty(Array):
    def __dlpack__(self, *, stream):
        raise BufferError("no memory today")


REFUSED = {
    "the CPU's": (ValueError, "input `y` lies on the CPU, but input `x` on GPU 0: .*cupy.asarray",
                  lambda f, x, y: f(Array(x), y)),
    "a list": (ValueError, "input `y` lies on the CPU", lambda f, x, y: f(Array(x), y.tolist())),
    "the CPU's first": (ValueError, "input `x` lies on the CPU, but input `y` on GPU 0",
                        lambda f, x, y: f(x, Array(y))),
    "lengths alone": (ValueError, "input `x` lies on the CPU, but lengths of `N` on GPU 0",
                      lambda f, x, y: f(x, y, lengths={"N": Array(np.array([1, 2, 3]))})),
    "a cotangent": (ValueError, "input `ct.cost` lies on the CPU",
                    lambda f, x, y: f.grad(Array(x), Array(y), cotangent=np.ones(3))),
    "another GPU": (ValueError, "input `y` lies on GPU 1, but input `x` on GPU 0",
                    lambda f, x, y: f(Array(x), Array(y, 1))),
    "no such GPU": (RuntimeError, r"CUDA cannot ask GPU 5: invalid device ordinal \(101\)",
                    lambda f, x, y: f(Array(x, 5), Array(y, 5))),
    "double and single": (TypeError, "input `y`: has elements of float32, but the kernel takes float64: convert it",
                          lambda f, x, y: f(Array(x), Array(y.astype("f4")))),
    "half": (TypeError, "input `x`: has elements of float16, but the kernel takes float32",
             lambda f, x, y: f(Array(x.astype("f2")), Array(y.astype("f4")))),
    "complex": (TypeError, "input `x`: has elements of complex128, but takes floats",
                lambda f, x, y: f(asarray(x.astype(complex)), asarray(y))),
    "gamma": (TypeError, "input `gamma`: has elements of float32, but the kernel takes float64",
              lambda f, x, y: f(Array(x), Array(y), gamma=Array(np.ones(3, "f4")))),
    "lengths": (TypeError, "lengths of `N`: has elements of float64, but takes ints",
                lambda f, x, y: f(Array(x), Array(y), lengths={"N": Array(np.ones(3))})),
    "shapes": (ValueError, "input `y`: axis 2 is 3, but must be `K` = 2",
               lambda f, x, y: f(Array(x), Array(y[..., [0, 0, 0]]))),
    "a mask": (TypeError, "input `x`: Older cannot be read .*it has a mask",
               lambda f, x, y: f(Older(x, mask=x), Older(y))),
    "odd strides": (TypeError, "input `x`: .*no multiples of the 8 bytes",
                    lambda f, x, y: f(Older(x, strides=(64, 16, 9)), Older(y))),
    "byte order": (TypeError, "input `x`: .*byte order", lambda f, x, y: f(Older(x.astype(">f8")), Older(y))),
    "a faulty library": (TypeError, "input `x`: Faulty cannot be read through DLPack.*no memory today",
                         lambda f, x, y: f(Faulty(x), Array(y))),
    "a stream": (TypeError, "stream must be one of CuPy or PyTorch.*not 'main'",
                 lambda f, x, y: f(Array(x), Array(y), stream="main")),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_refused_on_a_gpu(kind, stub, pair):
    error, message, call = REFUSED[kind]
    with pytest.raises(error, match=message):
        call(DTW.numpy, *pair)
    gc.collect()
    log = stub.log()
    assert stub.launches == []
    assert sum(line.startswith("allocate") for line in log) == sum(line.startswith("free") for line in log)


def test_what_the_driver_refuses(stub, pair):
    arrays = [Array(each) for each in pair]
    DTW.numpy(*arrays)
    stub.log()
    stub.fail_next(2)
    with pytest.raises(RuntimeError, match=r"CUDA cannot allocate 24 bytes on GPU 0: out of memory \(2\)"):
        DTW.numpy(*arrays)
    arrays = [asarray(each) for each in pair]
    stub.fail_next(2)
    with pytest.raises(RuntimeError, match=r"dtw: CUDA cannot launch the kernel: out of memory \(2\)"):
        DTW.numpy(*arrays)


def test_a_library_without_kernels_for_gpus(stub, pair, monkeypatch):
    """None is used, but the runtime has a word for it."""
    entry = DTW.entry("value", "f64")
    monkeypatch.setattr(type(DTW), "entry", lambda *_: entry)
    message = "input `x`: it is on device type 2, but this entry runs on the CPU; --target=cuda:sm_90 is for GPUs"
    with pytest.raises(ValueError, match=message):
        DTW.numpy(*map(Array, pair))


def test_no_driver(pair, monkeypatch):
    def load(name):
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr("ctypes.CDLL", load)
    forget()
    try:
        with pytest.raises(RuntimeError, match="CUDA's driver cannot be used: libcuda.so.1: .*NVIDIA's driver"):
            DTW.numpy(*map(Array, pair))
    finally:
        forget()


def forget():
    for each in (driver._open, driver.get_target, driver._get_context):
        each.cache_clear()
