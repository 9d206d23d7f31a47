"""torch.compile, torch.export and the checks of torch.library."""

import pytest
import torch

import danskin
from danskin.torch.ops import get_operator

DTW = danskin.zoo.load("dtw", "entropy")


@pytest.fixture(autouse=True)
def fresh():
    torch._dynamo.reset()
    yield
    torch._dynamo.config.error_on_recompile = False


def compiled(f, **options):
    return torch.compile(f, fullgraph=True, backend="aot_eager", **options)


def close(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("batch", [(), (3,)])
def test_no_recompilation_for_each_length(dtype, batch):
    def loss(x, y, gamma):
        return DTW.torch(x * 2, y, gamma=gamma).sum()

    quick = compiled(loss, dynamic=True)
    for n in (4, 5, 9, 17):
        torch._dynamo.config.error_on_recompile = n > 4
        x = torch.randn(*batch, n, 2, dtype=dtype, requires_grad=True)
        y, gamma = torch.randn(n + 2, 2, dtype=dtype), torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
        found, expected = quick(x, y, gamma), loss(x, y, gamma)
        close(found, expected)
        for one, other in zip(torch.autograd.grad(found, (x, gamma)), torch.autograd.grad(expected, (x, gamma))):
            close(one, other)


def test_lengths_and_sizes():
    def loss(x, y, n):
        return DTW.torch(x, y, lengths={"N": n}, gamma=0.5).sum()

    quick = compiled(loss)
    x, y = torch.randn(3, 4, 2), torch.randn(3, 5, 2)
    for n in (torch.tensor([1, 2, 4]), torch.tensor([4, 4, 4])):
        close(quick(x, y, n), loss(x, y, n))
    program = danskin.zoo.valueiter

    def value(R, P):
        return program.torch(R, P, 0.9, K=3)

    quick = compiled(value)
    R, P = torch.randn(3, 2), torch.rand(3, 2, 3)
    close(quick(R, P), value(R, P))


def test_an_alignment_as_a_layer():
    def layer(x, y):
        return DTW.torch.grad(x, y, wrt="d").pow(2).sum()

    quick = compiled(layer, dynamic=True)
    x, y = torch.randn(4, 2, requires_grad=True), torch.randn(5, 2, requires_grad=True)
    for one, other in zip(torch.autograd.grad(quick(x, y), (x, y)), torch.autograd.grad(layer(x, y), (x, y))):
        close(one, other)


def test_hvp():
    def product(x, y, v):
        return DTW.torch.hvp(x, y, direction=(v, None))

    quick = compiled(product)
    x, y, v = torch.randn(4, 2), torch.randn(5, 2), torch.randn(4, 2)
    for one, other in zip(quick(x, y, v), product(x, y, v)):
        close(one, other)


def test_results_are_of_the_type_of_eager_calls():
    program = danskin.compile("""dp 1
    program fresh { reg entropy  size N >= 1  input u : float[N]  input v : float[N]
      output top = max { u[i] for i in 0..N }  output other = max { v[i] for i in 0..N } }""")
    u, v = torch.randn(3), torch.randn(3)
    for call in (program.torch, program.torch.grad, lambda *a: program.torch.grad(*a, wrt=("v",)),
                 lambda *a: program.torch.hvp(*a, direction=a)):  # fmt: skip
        quick = compiled(call)
        found = quick(u, v)
        # Further classes are no reason to compile again.
        torch._dynamo.config.error_on_recompile = True
        assert type(quick(u, v)) is type(found) is type(call(u, v))
        torch._dynamo.config.error_on_recompile = False
        for one, other in zip(found, call(u, v)):
            close(one, other)


def test_inductor():
    """Between calls of other kernels: none is of inductor's making, which would take
    a C++ compiler half a minute."""
    x, y, w = torch.randn(4, 2, requires_grad=True), torch.randn(5, 2), torch.randn(2, 2)

    def loss(x):
        return DTW.torch(x @ w, y)

    close(torch.autograd.grad(torch.compile(loss, fullgraph=True)(x), x)[0], torch.autograd.grad(loss(x), x)[0])


def test_export():
    class Model(torch.nn.Module):
        def forward(self, x, y):
            return DTW.torch(x, y, gamma=0.5)

    x, y = torch.randn(4, 2), torch.randn(5, 2)
    n = torch.export.Dim("n", min=2)
    program = torch.export.export(Model(), (x, y), dynamic_shapes={"x": {0: n}, "y": None})
    other = torch.randn(9, 2)
    close(program.module()(other, y), DTW.torch(other, y, gamma=0.5))


GAMMA = torch.tensor(0.5, dtype=torch.float64)


@pytest.mark.parametrize("batch", [(), (2,)])
@pytest.mark.parametrize("query,extra", [("value", 0), ("grad", 1), ("hvp", 3)])
def test_opcheck(query, extra, batch):
    x, y = torch.randn(*batch, 4, 2), torch.randn(5, 2)
    operator = get_operator(DTW, query, ("x", "y") if extra else ())
    further = {0: (), 1: (torch.randn(batch),), 3: (torch.randn(batch), x.clone(), y.clone())}[extra]
    requires = query != "hvp"
    inputs = [x.requires_grad_(requires), y.requires_grad_(requires), GAMMA, *further]
    torch.library.opcheck(operator.overload, (*inputs, None, None, None, None, None, None))


def test_a_path():
    """Padded to as many rows as these shapes may need; other shapes are traced anew."""

    def rows(x, y):
        best = DTW.torch.argmax(x, y)
        return best.value, best.rows, best.length

    quick = compiled(rows)
    for shape in ((4, 2), (6, 2), (3, 4, 2)):
        x, y = torch.randn(shape), torch.randn(5, 2)
        assert all(map(torch.equal, quick(x, y), rows(x, y)))
