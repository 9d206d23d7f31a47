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


@pytest.mark.parametrize("dynamic", [None, True])
def test_inductor(dynamic):
    """Between calls of other kernels: none is of inductor's making, which would take
    a C++ compiler half a minute."""
    y, w = torch.randn(5, 2), torch.randn(2, 2)

    def loss(x):
        return DTW.torch(x @ w, y)

    quick = torch.compile(loss, fullgraph=True, dynamic=dynamic)
    for n in (4, 7, 9) if dynamic else (4,):
        x = torch.randn(n, 2, requires_grad=True)
        close(torch.autograd.grad(quick(x), x)[0], torch.autograd.grad(loss(x), x)[0])
        torch._dynamo.config.error_on_recompile = True


def test_batches_of_many_sizes():
    """The second size makes the batch symbolic, what follows is of that graph: of one instance, too."""

    def loss(x, y):
        return DTW.torch(x, y).pow(2).sum()

    quick = compiled(loss)
    for k, count in enumerate((3, 5, 2, 8)):
        torch._dynamo.config.error_on_recompile = k > 1
        x, y = torch.randn(count, 4, 2, requires_grad=True), torch.randn(5, 2, requires_grad=True)
        for one, other in zip(torch.autograd.grad(quick(x, y), (x, y)), torch.autograd.grad(loss(x, y), (x, y))):
            close(one, other)


def test_lengths_and_sizes_are_no_reason_to_compile_again():
    ctc, value = danskin.zoo.ctc, danskin.zoo.load("valueiter", "entropy")

    def loss(logits, targets, frames, labels):
        return -ctc.torch(logits.log_softmax(-1), targets, lengths={"T": frames, "L": labels}).sum()

    def iterate(R, P, count):
        return value.torch(R, P, 0.9, K=count).sum()

    quick, quicker = compiled(loss, dynamic=True), compiled(iterate, dynamic=True)
    for k, (batch, most, labels) in enumerate(((3, 9, 2), (2, 12, 3), (5, 7, 4))):
        torch._dynamo.config.error_on_recompile = k > 0
        logits = torch.randn(batch, most, 5, requires_grad=True)
        targets, lengths = torch.randint(1, 5, (batch, labels)), torch.randint(0, labels + 1, (batch,))
        frames = torch.randint(most - 1, most + 1, (batch,))
        found, expected = quick(logits, targets, frames, lengths), loss(logits, targets, frames, lengths)
        close(found, expected)
        close(torch.autograd.grad(found, logits)[0], torch.autograd.grad(expected, logits)[0])
        R, P = torch.randn(3, 2, requires_grad=True), torch.rand(3, 2, 3)
        found, expected = quicker(R, P, 2 + most), iterate(R, P, 2 + most)
        close(found, expected)
        close(torch.autograd.grad(found, R)[0], torch.autograd.grad(expected, R)[0])


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
SHAPES = torch.Generator().manual_seed(5)


def draw(*shape):
    return torch.randn(shape, generator=SHAPES)


FRAMES, LABELS = torch.tensor([5, 4]), torch.tensor([2, 1])
# {name: (program, inputs as the operator takes them, lengths, sizes)}
OPERATORS = {
    "dtw": (DTW, (draw(4, 2), draw(5, 2)), {}, {}),
    "dtw of a batch": (DTW, (draw(2, 4, 2), draw(5, 2)), {}, {}),
    "dtw of a ragged batch": (DTW, (draw(2, 4, 2), draw(2, 5, 2)), {"N": torch.tensor([2, 4])}, {}),
    "ctc": (danskin.zoo.ctc, (draw(5, 4), torch.tensor([1, 3])), {}, {}),
    "ctc of a ragged batch": (danskin.zoo.ctc, (draw(2, 5, 4), torch.tensor([[1, 2], [3, 3]])),
                              {"T": FRAMES, "L": LABELS}, {}),
    "dagpath": (danskin.zoo.load("dagpath", "entropy"),
                (torch.tensor([0, 0, 1, 3]), torch.tensor([0, 0, 1], dtype=torch.int32), draw(3)), {}, {}),
    "valueiter": (danskin.zoo.load("valueiter", "entropy"), (draw(3, 2), draw(3, 2, 3), torch.tensor(0.9)),
                  {}, {"K": 3}),
}  # fmt: skip


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("query", ["value", "grad", "hvp", "argmax"])
def test_opcheck(query, name, dtype):
    program, inputs, lengths, sizes = OPERATORS[name]
    about = program.description
    if query not in about.entries:
        assert (query, name) == ("argmax", "valueiter")
        return
    requires = query in ("value", "grad")
    inputs = [each.to(dtype, copy=True).requires_grad_(requires) if each.is_floating_point() else each
              for each in inputs]  # fmt: skip
    limits = [lengths.get(each.name) for each in about.sizes]
    numbers = tuple(sizes.get(each.name) for each in about.sizes)
    further = []
    if query in ("grad", "hvp"):
        values = get_operator(program, "value").run((*inputs, GAMMA, *limits), numbers)
        further += [draw(*each.shape).to(dtype) for each in values]
    if query == "hvp":
        further += [draw(*each.shape).to(dtype) for each in inputs if each.is_floating_point()]
    operator = get_operator(program, query, about.float_inputs if further else ())
    torch.library.opcheck(operator.overload, (*inputs, GAMMA, *further, *limits, *numbers))


def test_a_path():
    """Padded to as many rows as these shapes may need; other shapes are traced anew."""

    def rows(x, y):
        best = DTW.torch.argmax(x, y)
        return best.value, best.rows, best.length

    quick = compiled(rows)
    for shape in ((4, 2), (6, 2), (3, 4, 2)):
        x, y = torch.randn(shape), torch.randn(5, 2)
        assert all(map(torch.equal, quick(x, y), rows(x, y)))
