"""PyTorch as a host: what is taken, what is refused, what runs beside."""

import concurrent.futures
import copy
import functools
import pickle
import re
import threading
import time

import numpy as np
import pytest
import recursions
import torch
from torch.utils.data import DataLoader, Dataset

import danskin
from danskin.plans import Plan

DTW = danskin.zoo.load("dtw", "entropy")
X, Y = torch.randn(4, 2, generator=torch.Generator().manual_seed(0)), torch.randn(5, 2)


def close(found, expected, tolerance=1e-5):
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


LAYOUTS = {
    "transposed": lambda t: t.t().contiguous().t(),
    "gaps": lambda t: t.repeat_interleave(3, 0)[::3],
    "offset": lambda t: torch.cat([torch.zeros(1, 2), t])[1:],
    "expanded": lambda t: t[:1].expand(4, 2),
    "conjugate": lambda t: torch.complex(torch.zeros_like(t), -t).conj().imag,
    "parameter": torch.nn.Parameter,
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout):
    x = LAYOUTS[layout](X)
    plain = x.detach().clone(memory_format=torch.contiguous_format)
    assert torch.equal(DTW.torch(x, Y).detach(), DTW.torch(plain, Y))
    one, other = x.detach().requires_grad_(), plain.requires_grad_()
    assert torch.equal(*(torch.autograd.grad(DTW.torch(each, Y), each)[0] for each in (one, other)))


def test_an_expanded_input_is_not_copied():
    x = torch.zeros(1, 1, 1).expand(3, 10**6, 10**6)
    one = torch.tensor(1)
    assert DTW.torch(x, torch.zeros(1, 10**6), lengths={"N": 1, "M": one, "K": 2}).shape == (3,)


@pytest.mark.parametrize("layout", ["transposed", "gaps", "offset", "expanded", "parameter"])
@pytest.mark.parametrize("way", ["value", "graph", "backward", "grad", "func", "compiled"])
def test_no_layout_is_copied(layout, way, monkeypatch):
    """Kernels get the addresses of what they are given, whichever way it goes."""
    x, y = LAYOUTS[layout](X), torch.stack([Y, Y + 1], -1)[..., 0]
    if layout != "parameter":
        x = x.requires_grad_(way in ("graph", "backward"))
    run, seen = Plan.run, []
    monkeypatch.setattr(Plan, "run", lambda plan, pointers, count: seen.append(pointers) or run(plan, pointers, count))
    if way == "backward":
        value = DTW.torch(x, y)
        seen.clear()
        value.backward()
    elif way == "grad":
        DTW.torch.grad(x, y)
    elif way == "func":
        torch.func.grad(DTW.torch)(x.detach(), y)
    elif way == "compiled":
        torch._dynamo.reset()
        torch.compile(DTW.torch, fullgraph=True, backend="aot_eager")(x.detach(), y)
    else:
        DTW.torch(x, y)
    assert seen
    for pointers in seen:
        assert pointers[:2] == [x.data_ptr(), y.data_ptr()]


def test_double_stays_double():
    x, y = X.double(), Y.double()
    assert DTW.torch(x, y).dtype == torch.float64
    close(DTW.torch(x, y), recursions.dtw(x, y), 1e-12)
    a = X.clone().requires_grad_()
    mixed = DTW.torch(a, y)
    assert mixed.dtype == torch.float64
    assert torch.autograd.grad(mixed, a)[0].dtype == torch.float32


def test_lengths():
    x, y = torch.randn(3, 4, 2, requires_grad=True), torch.randn(3, 5, 2)
    n, m = torch.tensor([4, 1, 2]), [5, 3, 1]
    value = DTW.torch(x, y, lengths={"N": n, "M": m})
    close(value, torch.stack([recursions.dtw(x[b, : n[b]], y[b, : m[b]]) for b in range(3)]))
    (grad,) = torch.autograd.grad(value.sum(), x)
    assert (grad[1, 1:] == 0).all() and (grad[2, 2:] == 0).all() and (grad[0] != 0).any()
    padded = x.detach().clone()
    padded[1, 1:] = float("nan")
    assert torch.equal(DTW.torch(padded, y, lengths={"N": n, "M": m}), value)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("way", ["eager", "compiled"])
def test_autocast(dtype, way):
    """Tensors of half precision are computed with as if they were float32."""
    half, weight = X.to(dtype), torch.tensor([[0.5, -1.0], [2.0, 0.25]], requires_grad=True)
    calls = [lambda x, y: DTW.torch(x, y), lambda x, y: DTW.torch.grad(x, y).x, lambda x, y: DTW.torch(x @ weight, y)]
    if way == "compiled":
        torch._dynamo.reset()
        calls = [torch.compile(each, fullgraph=True, backend="aot_eager") for each in calls]
    else:
        with pytest.raises(TypeError, match=f"input `x`.*{dtype}"):
            DTW.torch(half, Y)
    one, other = half.clone().requires_grad_(), half.float().requires_grad_()
    for call in calls[:2]:
        with torch.autocast("cpu", dtype=dtype):
            found = call(one, Y)
        expected = (DTW.torch if found.dim() == 0 else lambda x, y: DTW.torch.grad(x, y).x)(other, Y)
        assert found.dtype == torch.float32 and torch.equal(found, expected)
        (grad,) = torch.autograd.grad(found.sum(), one)
        assert grad.dtype == dtype
        assert torch.equal(grad, torch.autograd.grad(expected.sum(), other)[0].to(dtype))
    with torch.autocast("cpu", dtype=dtype):
        found, product = calls[2](half, Y), half @ weight
    assert product.dtype == dtype and found.dtype == torch.float32
    found.backward()
    close(found, recursions.dtw(product.float(), Y), 1e-4)
    same = weight.detach().clone().requires_grad_()
    recursions.dtw(half.float() @ same, Y).backward()
    torch.testing.assert_close(weight.grad, same.grad, rtol=0.05, atol=0.05 * same.grad.abs().max().item())


def test_autocast_of_another_device(monkeypatch):
    """Each tensor's own device is asked, whichever others run under autocast."""
    asked = []
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda device: asked.append(device) or False)
    for each in (X.half(), X.half().to("meta")):
        with pytest.raises((TypeError, ValueError), match="input `x`"):
            DTW.torch(each, Y)
    assert asked == ["cpu", "meta"]


def test_modes_without_gradients():
    a = X.clone().requires_grad_()
    with torch.no_grad():
        assert not DTW.torch(a, Y).requires_grad
    with torch.inference_mode():
        frozen = DTW.torch(X, Y, gamma=0.123)
    later = DTW.torch(a, Y, gamma=0.123)
    assert torch.equal(later.detach(), frozen.clone())
    later.backward()
    assert a.grad is not None


def test_gamma_that_is_learned():
    a, gamma = X.double(), torch.tensor(0.5, requires_grad=True)
    DTW.torch(a, Y.double(), gamma=gamma).backward()
    same = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    recursions.dtw(a, Y.double(), same).backward()
    close(gamma.grad.double(), same.grad)


def test_ints_and_numbers():
    sw3 = danskin.zoo.load("sw3")
    a, b, sub = torch.tensor([0, 1, 1]), torch.tensor([1, 0], dtype=torch.int32), torch.eye(2)
    assert sw3.torch(a, b, sub, 0.5, 0.25).dtype == torch.float32
    assert sw3.torch(a.to(torch.uint8), b, sub, 0.5, 0.25) == sw3.torch(a, b, sub, 0.5, 0.25)
    with pytest.raises(TypeError, match="input `a`.*float32"):
        sw3.torch(a.float(), b, sub, 0.5, 0.25)
    with pytest.raises(ValueError, match="`a`.*9"):
        sw3.torch(torch.tensor([0, 9]), b, sub, 0.5, 0.25)


def test_tensors_without_elements():
    ctc = danskin.zoo.ctc
    empty = ctc.torch(torch.zeros(2, 0, 3), torch.zeros(2, 0, dtype=torch.int64))
    assert empty.tolist() == [0, 0]
    x = torch.zeros(0, 3, 1, requires_grad=True)
    value = DTW.torch(x, torch.zeros(2, 1))
    assert value.shape == (0,)
    assert torch.autograd.grad(value.sum(), x)[0].shape == (0, 3, 1)


FAULTS = [
    (ValueError, r"`y`: axis 1 is 3, but must be `K` = 2", lambda f: f(X, torch.zeros(5, 3))),
    (ValueError, r"`x`: it has 1 axes, but must have 2", lambda f: f(X[0], Y)),
    (ValueError, r"`x`: it has 0 axes, but must have 2", lambda f: f(X[0, 0], Y)),
    (ValueError, r"`y`: axis 0 has 2 instances.*`x` has 3", lambda f: f(X.expand(3, 4, 2), Y.expand(2, 5, 2))),
    (ValueError, r"gamma", lambda f: f(X, Y, gamma=-1.0)),
    (TypeError, r"gamma must be a number", lambda f: f(X, Y, gamma="a")),
    (TypeError, r"input `y` must be a tensor, not ndarray", lambda f: f(X, np.zeros((5, 2), "f4"))),
    (TypeError, r"input `x`.*complex64", lambda f: f(X.to(torch.complex64), Y)),
    (TypeError, r"input `x` is torch.sparse_coo", lambda f: f(X.to_sparse(), Y)),
    (ValueError, r"input `x` is on meta", lambda f: f(X.to("meta"), Y)),
    (TypeError, r"lengths of `N` must be ints", lambda f: f(X, Y, lengths={"N": "a"})),
    (TypeError, r"lengths of `N`.*float32", lambda f: f(X, Y, lengths={"N": torch.tensor(1.0)})),
    (ValueError, r"`N`.*7", lambda f: f(X, Y, lengths={"N": torch.tensor(7)})),
    (TypeError, r"misses `y`", lambda f: f(X)),
]


@pytest.mark.parametrize("kind,message,call", FAULTS)
@pytest.mark.parametrize("way", ["plain", "gradient", "func"])
def test_faults(kind, message, call, way):
    def through_func(*inputs, **named):
        if not isinstance(inputs[0], torch.Tensor) or inputs[0].is_sparse or inputs[0].is_meta:
            return DTW.torch(*inputs, **named)
        return torch.func.vjp(lambda x: DTW.torch(x, *inputs[1:], **named), inputs[0])

    def with_gradient(*inputs, **named):
        first = inputs[0] if inputs[0].is_sparse or inputs[0].is_meta else inputs[0].clone().requires_grad_()
        return DTW.torch(first, *inputs[1:], **named)

    with pytest.raises(kind, match=message):
        call({"plain": DTW.torch, "gradient": with_gradient, "func": through_func}[way])


@pytest.mark.parametrize("kind,message,call", FAULTS)
@pytest.mark.parametrize("dynamic", [False, True])
def test_faults_under_compile(kind, message, call, dynamic):
    """What is wrong with shapes and types is seen while torch.compile traces, where they are known then."""

    def compiled(*inputs, **named):
        torch._dynamo.reset()
        quick = torch.compile(DTW.torch, fullgraph=True, backend="aot_eager", dynamic=dynamic)
        return quick(*inputs, **named)

    with pytest.raises((kind, RuntimeError)) as caught:
        call(compiled)
    if torch.__version__ < (2, 7):
        # Its exceptions do not say of which kind ours was, nor our message where it traced what raised.
        own = "Observed exception|does not support sparse Tensors|invalid data type 'str'"
        assert re.search(f"{message}|{own}", str(caught.value))
        return
    # PyTorch's own exceptions say what they come from; two are its own word.
    if "sparse" in message:
        message, kind = "torch.compile does not support sparse Tensors", RuntimeError
    elif message == "lengths of `N` must be ints":
        message = "invalid data type 'str'"
    assert re.search(message, str(caught.value))
    assert isinstance(caught.value, kind) or f"{kind.__name__}(" in str(caught.value)


@pytest.mark.parametrize("kind,message,call", FAULTS)
def test_faults_of_tensors_without_contents(kind, message, call):
    mode = torch._subclasses.FakeTensorMode()

    def convert(each):
        return mode.from_tensor(each) if isinstance(each, torch.Tensor) else each

    def fake(*inputs, **named):
        inputs, named = torch.utils._pytree.tree_map(convert, (inputs, named))
        with mode:
            return DTW.torch(*inputs, **named)

    if message in ("gamma", "`N`.*7"):
        assert call(fake).shape == ()  # nothing is known of values
    else:
        with pytest.raises(kind, match=message):
            call(fake)


class Elsewhere:
    """What a tensor on a GPU is like: NumPy gets it by way of the CPU only."""

    def __init__(self, tensor):
        self.cpu = lambda: tensor

    def __array__(self, *_, **__):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


def test_a_path_on_a_gpu():
    best = DTW.torch.argmax(torch.stack([X, X]), Y, lengths={"N": [4, 2]})
    steps = best.path()
    best.rows, best.length = Elsewhere(best.rows), Elsewhere(best.length)
    assert best.path() == steps and best.path(1) == steps[1]


class Pairs(Dataset):
    """Costs computed by workers, which are forked."""

    def __len__(self):
        return 24

    def __getitem__(self, k):
        x = torch.full((3, 4, 2), float(k), requires_grad=True)
        value = DTW.torch(x, torch.zeros(5, 2))
        return value.detach(), torch.autograd.grad(value.sum(), x)[0]


def test_workers_of_a_loader():
    DTW.torch(torch.zeros(64, 4, 2), Y)  # the pool of threads runs when workers are forked
    alone = [Pairs()[k] for k in range(24)]
    batches = list(DataLoader(Pairs(), batch_size=4, num_workers=2, timeout=60, multiprocessing_context="fork"))
    assert torch.equal(torch.cat([value for value, _ in batches]), torch.stack([value for value, _ in alone]))
    assert torch.equal(torch.cat([grad for _, grad in batches]), torch.stack([grad for _, grad in alone]))


def test_many_threads():
    inputs = [torch.randn(3, 1 + k % 7, 2, dtype=torch.float64) for k in range(400)]

    def work(x):
        x = x.clone().requires_grad_()
        value = DTW.torch(x, Y.double())
        return value.detach(), torch.autograd.grad(value.sum(), x)[0]

    alone = [work(x) for x in inputs]
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        together = list(pool.map(work, inputs))
    for (one, grad), (other, same) in zip(together, alone):
        assert torch.equal(one, other) and torch.equal(grad, same)


def test_many_threads_make_the_first_call():
    text = """dp 1
    program first_of_many { reg entropy  size N >= 1  input x : float[N]  output y = max { x[i] for i in 0..N } }"""
    # Two programs of one text are one operator.
    programs = [danskin.compile(text) for _ in range(2)]
    inputs = [torch.randn(3, 1 + k % 7) for k in range(100)]
    barrier = threading.Barrier(len(inputs))

    def work(k, wait=False):
        x = inputs[k].clone().requires_grad_()
        if wait:
            barrier.wait(60)
        value = programs[k % 2].torch(x)
        return value.detach(), torch.autograd.grad(value.sum(), x)[0]

    with concurrent.futures.ThreadPoolExecutor(len(inputs)) as pool:
        together = list(pool.map(functools.partial(work, wait=True), range(len(inputs))))
    for k, (value, grad) in enumerate(together):
        alone, same = work(k)
        assert torch.equal(value, alone) and torch.equal(grad, same)
        close(value, torch.logsumexp(inputs[k], 1))


def test_threads_of_pytorch_give_the_same_bits():
    x, before = torch.randn(70, 9, 2), torch.get_num_threads()
    try:
        found = []
        for count in (1, 2, 5):
            torch.set_num_threads(count)
            found.append(DTW.torch.grad(x, Y, wrt=("x", "y")))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(a, b) for other in found[1:] for a, b in zip(found[0], other))


class Layer(torch.nn.Module):
    """A loss that a model carries along."""

    def __init__(self):
        super().__init__()
        self.program = danskin.zoo.load("dtw", "entropy")
        self.scale = torch.nn.Parameter(torch.ones(2))

    def forward(self, x):
        return self.program.torch(x * self.scale, Y)


def test_a_module_is_copied_and_pickled():
    layer = Layer()
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert torch.equal(other(X), layer(X))


def test_results_are_of_one_type_and_pickled():
    one, other = DTW.torch.grad(X, Y), DTW.torch.grad(X + 1, Y)
    assert type(one) is type(other) is type(copy.deepcopy(DTW).torch.grad(X, Y))
    mean = torch.utils._pytree.tree_map(lambda a, b: (a + b) / 2, one, other)
    assert type(mean) is type(one) and torch.equal(mean.x, (one.x + other.x) / 2)
    for way in (copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))):
        assert type(way(one)) is type(one) and all(map(torch.equal, way(one), one))


def measure(calls, repeats=200, count=50):
    """Microseconds a call takes: the least of many means, for other work on the machine only adds. They
    take turns, so that it adds to all of them."""
    best = [float("inf")] * len(calls)
    for _ in range(repeats):
        for k, call in enumerate(calls):
            started = time.perf_counter()
            for _ in range(count):
                call()
            best[k] = min(best[k], (time.perf_counter() - started) / count * 1e6)
    return best


def measure_overheads():
    """{what: microseconds a call}, the least work there is, on one thread."""
    plain = [torch.randn(2, 2, 1) for _ in range(3)]
    (x, y, z), (a, b, c) = plain, [each.clone().requires_grad_() for each in plain]
    lengths = {"N": torch.tensor([1, 2]), "M": torch.tensor([2, 2])}
    ones, beside = torch.ones(2), torch.ones(2, 1)

    def differentiate(value, inputs, cotangent):
        return lambda: torch.autograd.grad(value, inputs, cotangent, retain_graph=True)

    calls = {
        "logsumexp": lambda: torch.logsumexp(z, 1),
        "logsumexp with a graph": lambda: torch.logsumexp(c, 1),
        "logsumexp's backward": differentiate(torch.logsumexp(c, 1), (c,), beside),
        "value": lambda: DTW.torch(x, y, gamma=0.1),
        "ragged value": lambda: DTW.torch(x, y, gamma=0.1, lengths=lengths),
        "value with a graph": lambda: DTW.torch(a, b, gamma=0.1),
        "ragged value with a graph": lambda: DTW.torch(a, b, gamma=0.1, lengths=lengths),
        "backward": differentiate(DTW.torch(a, b, gamma=0.1), (a, b), ones),
        "grad": lambda: DTW.torch.grad(x, y, gamma=0.1),
        "value_and_grad": lambda: DTW.torch.value_and_grad(x, y, gamma=0.1),
    }
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return dict(zip(calls, measure(list(calls.values()))))
    finally:
        torch.set_num_threads(threads)


def test_overhead(capsys):
    """At most 15 us a call; on a machine that is slow or busy, at most three times what
    torch.logsumexp takes beside it. A tuple of derivatives may take five times as much,
    a backward pass what three of logsumexp do: most of it is PyTorch's engine."""
    found = measure_overheads()
    with capsys.disabled():
        print("\nus a call:", ", ".join(f"{what} {time:.1f}" for what, time in found.items()))
    assert max(found["value"], found["ragged value"]) <= max(15, 3 * found["logsumexp"])
    with_graph = max(found["value with a graph"], found["ragged value with a graph"])
    assert with_graph <= max(15, 3 * found["logsumexp with a graph"])
    assert found["backward"] <= max(30, 3 * found["logsumexp's backward"])
    assert max(found["grad"], found["value_and_grad"]) <= max(30, 5 * found["logsumexp"])
