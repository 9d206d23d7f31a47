"""JAX on CUDA without a GPU: what calls become when they are lowered for one, and what
a handler does with the call that XLA then makes, on a driver that is a stub."""

import re

import jax
import numpy as np
import pytest
import stubcuda
import xlaframe
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P

import danskin
from danskin.jax import targets

FLAGS = ["--target=cpu:native,cuda:sm_90"]


@pytest.fixture(scope="module")
def load():
    """load(name): a program of the zoo whose libraries have kernels for a GPU."""
    sources = {name: danskin.zoo.load(name, "entropy").text for name in ("dtw", "ctc")}
    return lambda name: danskin.compile(sources[name], reg="entropy", flags=FLAGS)


@pytest.fixture
def registered(monkeypatch):
    """{name: platform} of the handlers that XLA is told of."""
    found = {}
    original = jax.ffi.register_ffi_target

    def register(name, function, platform):
        found[name] = platform
        original(name, function, platform=platform)

    monkeypatch.setattr(jax.ffi, "register_ffi_target", register)
    monkeypatch.setattr(targets, "_registered", set())
    return found


def lower(function, *arguments):
    return jax.jit(function).trace(*arguments).lower(lowering_platforms=("cuda",)).as_text()


def test_lowered_for_cuda(load, registered, draw):
    """Ints and lengths stay as they are."""
    ctc = load("ctc").jax
    gradient = jax.grad(lambda scores, labels, lengths: ctc(scores, labels, lengths={"T": lengths}).sum())
    text = lower(gradient, draw.normal(size=(2, 4, 3)), np.ones((2, 2), "i4"), np.array([3, 4], "i4"))
    call = next(line for line in text.splitlines() if "custom_call" in line)
    assert "gpu = dense<1>" in call
    assert "(tensor<2x4x3xf64>, tensor<2x2xi32>, tensor<f64>, tensor<2xi32>, tensor<2xf64>)" in call
    (name,) = registered
    assert f"@{name}(" in call and registered[name] == "CUDA"


def test_both_platforms_at_once(load, registered, draw):
    dtw = jax.jit(load("dtw").jax).trace(draw.normal(size=(4, 2)), draw.normal(size=(5, 2)))
    text = dtw.lower(lowering_platforms=("cpu", "cuda")).as_text()
    assert sorted(registered.values()) == ["CUDA", "cpu"]
    assert text.count("gpu = dense<1>") == 1 and all(f"@{name}(" in text for name in registered)


def test_lowered_where_the_batch_is_split(load, registered, draw):
    """XLA's partitioner splits calls on GPUs too."""
    dtw = load("dtw").jax
    mesh = jax.make_mesh((4,), ("batch",), axis_types=(AxisType.Auto,))
    split = NamedSharding(mesh, P("batch"))
    given = [jax.device_put(draw.normal(size=shape), split) for shape in ((8, 3, 2), (8, 4, 2))]
    text = lower(dtw, *given)
    (name,) = registered
    assert name.endswith(".cuda.batch") and f"@{name}(" in text and "sharding_rule" in text


def test_no_other_platform(load):
    """Nor CUDA, where nobody says for which GPU."""
    call = jax.jit(danskin.zoo.load("dtw", "entropy").jax).trace(np.ones((4, 2)), np.ones((5, 2)))
    with pytest.raises(NotImplementedError, match="dtw: it was not compiled for a GPU.*flags=.*cuda:sm_90"):
        call.lower(lowering_platforms=("cuda",))
    call = jax.jit(load("dtw").jax).trace(np.ones((4, 2)), np.ones((5, 2)))
    for platform in ("rocm", "tpu"):
        with pytest.raises(NotImplementedError, match=f"not found for platform {platform}"):
            call.lower(lowering_platforms=(platform,))


def test_compiled_for_the_gpus_that_jax_has(monkeypatch, draw):
    class Device:
        def __init__(self, capability):
            self.compute_capability = capability

    monkeypatch.setattr(jax, "local_devices", lambda backend: [Device("9.0"), Device("8.0"), Device("9.0")])
    targets._find_gpus.cache_clear()
    dtw = danskin.zoo.load("dtw", "entropy")
    try:
        lower(dtw.jax, draw.normal(size=(4, 2)), draw.normal(size=(5, 2)))
    finally:
        targets._find_gpus.cache_clear()
    assert {key[3] for key in dtw._entries} == {"", "cuda:sm_80,cuda:sm_90"}


def get_call(text, entry):
    """(handler, attributes) of the one call in a lowered text."""
    attributes = {name: [int(each) for each in re.findall(r"-?\d+", values)]
                  for name, values in re.findall(r"(\w+) = dense<([^>]*)> : tensor<\d+xi64>", text)}  # fmt: skip
    return getattr(entry.library, entry.symbol + "_xla"), attributes


@pytest.fixture
def stub():
    stub = stubcuda.load()
    stub.reset()
    yield stub
    stub.reset()


def test_a_call_of_xla(load, stub, draw):
    """The kernel gets XLA's buffers, stream and GPU; its workspace is XLA's, and goes back."""
    dtw = load("dtw")
    x, y, gamma = draw.normal(size=(3, 4, 2)), draw.normal(size=(3, 5, 2)), np.array(0.5)
    cost, expected = np.zeros(3), dtw.numpy(x, y, gamma=0.5)
    entry = dtw.entry("value", "f64")
    handler, attributes = get_call(lower(dtw.jax, x, y), entry)

    def compute(launch):
        inputs, outputs, sizes = launch.read(entry.manifest)
        for name, array in (("x", x), ("y", y), ("gamma", gamma)):
            assert inputs[name].data == array.ctypes.data, "the buffer itself"
        assert [size for size, _ in sizes] == [4, 5, 2]
        begin, workspace = gpu.memory.ctypes.data, launch.words[1]
        assert begin <= workspace < begin + gpu.memory.nbytes
        found = dtw.numpy(inputs["x"].view("f64"), inputs["y"].view("f64"), gamma=inputs["gamma"].view("f64"))
        outputs["cost"].view("f64")[...] = found

    stub.on_launch = compute
    gpu = xlaframe.Gpu(ordinal=1, stream=77)
    assert gpu.call(handler, [x, y, gamma], [cost], attributes) is None
    np.testing.assert_array_equal(cost, expected)
    assert [(each.device, each.stream) for each in stub.launches] == [(1, 77)]
    (allocate, size), (free, same) = gpu.log
    assert (allocate, free) == ("allocate", "free") and size == same > 0
    assert not [line for line in stub.log() if not line.startswith("launch")], "nothing else is asked of the driver"


def test_lengths_lie_on_the_gpu(load, stub, draw):
    ctc = load("ctc")
    scores, labels, lengths = draw.normal(size=(2, 4, 3)), np.ones((2, 2), "i8"), np.array([3, 4], "i4")
    text = lower(lambda s, l, n: ctc.jax(s, l, lengths={"T": n}), scores, labels.astype("i4"), lengths)
    entry = ctc.entry("value", "f64")
    seen = []
    stub.on_launch = lambda launch: seen.append(launch.read(entry.manifest)[2])
    handler, attributes = get_call(text, entry)
    gpu = xlaframe.Gpu(0, 5)
    assert gpu.call(handler, [scores, labels, np.array(1.0), lengths], [np.zeros(2)], attributes) is None
    place = entry.size_names.index("T")
    assert seen[0][place] == (4, lengths.ctypes.data)


def test_faults_on_a_gpu(load, stub, draw):
    dtw, entry = load("dtw"), load("dtw").entry("value", "f64")
    x, y, gamma, cost = draw.normal(size=(3, 4, 2)), draw.normal(size=(3, 5, 2)), np.array(0.5), np.zeros(3)
    handler, attributes = get_call(lower(dtw.jax, x, y), entry)
    gpu = xlaframe.Gpu(0, 5)
    assert "input `y`: axis 2 is 3" in gpu.call(handler, [x, y[..., [0, 0, 0]], gamma], [cost], attributes)
    assert "must be f64" in gpu.call(handler, [x.astype("f4"), y, gamma], [cost], attributes)
    assert gpu.log == []
    stub.fail_next(2)
    message = gpu.call(handler, [x, y, gamma], [cost], attributes)
    assert "CUDA cannot launch the kernel: out of memory (2)" in message
    assert [what for what, _ in gpu.log] == ["allocate", "free"], "it is given back all the same"
    message = xlaframe.Gpu(7, 5).call(handler, [x, y, gamma], [cost], attributes)
    assert "CUDA cannot use the GPU: invalid device ordinal" in message
    cpu = danskin.zoo.load("dtw", "entropy").entry("value", "f64")
    message = gpu.call(getattr(cpu.library, cpu.symbol + "_xla"), [x, y, gamma], [cost], attributes)
    assert "input `x`: it is on device type 2, but this entry runs on the CPU; --target=cuda:sm_90" in message


def test_xla_itself_has_no_gpu_on_the_cpu(load, draw):
    """Its word on the stream comes through: the functions are where they are looked for."""
    entry = load("dtw").entry("value", "f64")
    target = targets.get_target(entry, False, "cpu")
    x, y = draw.normal(size=(4, 2)), draw.normal(size=(5, 2))
    call = jax.ffi.ffi_call(target, jax.ShapeDtypeStruct((), np.dtype("f8")))
    binding = np.arange(2)
    assert call(x, y, binding=binding) == load("dtw").numpy(x, y)
    with pytest.raises(jax.errors.JaxRuntimeError, match="GPU context is not available"):
        call(x, y, binding=binding, gpu=np.ones(1, np.int64))
