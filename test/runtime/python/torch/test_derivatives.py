"""Every way in which PyTorch differentiates, against autograd of the recursion."""

import pytest
import recursions
import torch
from torch import func
from torch.autograd import forward_ad, gradcheck, gradgradcheck

import danskin


def tensor(*shape, seed=0):
    made = torch.Generator().manual_seed(seed + 7 * len(shape))
    return torch.randn(*shape, dtype=torch.float64, generator=made)


DTW = danskin.zoo.load("dtw", "entropy")
CHAIN = danskin.zoo.load("viterbi", "entropy")
# (the op, its recursion, inputs, which of them are shared)
SUBJECTS = {
    "dtw": (DTW.torch, recursions.dtw, (tensor(4, 2), tensor(5, 2, seed=1))),
    "viterbi": (CHAIN.torch, recursions.viterbi, (tensor(5, 3), tensor(3, 3, seed=1), tensor(3))),
}
GAMMA = torch.tensor(0.7, dtype=torch.float64)


def close(found, expected, tolerance=1e-9):
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


@pytest.fixture(params=SUBJECTS)
def subject(request):
    op, recursion, inputs = SUBJECTS[request.param]
    return (lambda *a: op(*a[:-1], gamma=a[-1])), recursion, (*inputs, GAMMA)


def leaves(inputs):
    return [each.clone().requires_grad_() for each in inputs]


def test_value_and_gradient(subject):
    op, recursion, inputs = subject
    one, other = leaves(inputs), leaves(inputs)
    value, expected = op(*one), recursion(*other)
    close(value, expected)
    for found, wanted in zip(torch.autograd.grad(value, one), torch.autograd.grad(expected, other)):
        assert found.dtype == torch.float64
        close(found, wanted)


SPARSE, LENGTHS = danskin.zoo.load("dtw", "l2"), {"N": torch.tensor([2, 4, 1]), "M": torch.tensor([5, 1, 3])}
# {name: (op, inputs)}: what finite differences are held against.
CHECKED = {
    **{name: (lambda *a, op=op: op(*a[:-1], gamma=a[-1]), (*inputs, GAMMA))
       for name, (op, _, inputs) in SUBJECTS.items()},
    "dtw with l2": (lambda x, y, g: SPARSE.torch(x, y, gamma=g), (tensor(4, 2), tensor(5, 2, seed=1), 20 * GAMMA)),
    "ragged dtw": (lambda x, y, g: DTW.torch(x, y, gamma=g, lengths=LENGTHS),
                   (tensor(3, 4, 2), tensor(3, 5, 2, seed=1), GAMMA * torch.tensor([1.0, 2, 3], dtype=torch.float64))),
    "ragged dtw with l2": (lambda x, y, g: SPARSE.torch(x, y, gamma=g, lengths=LENGTHS),
                           (tensor(3, 4, 2), tensor(5, 2, seed=1), 20 * GAMMA)),
}  # fmt: skip


@pytest.fixture(params=CHECKED)
def checked(request):
    return CHECKED[request.param]


def test_gradcheck(checked):
    op, inputs = checked
    assert gradcheck(op, leaves(inputs), check_forward_ad=True, check_batched_grad=True,
                     check_batched_forward_grad=True)  # fmt: skip


def test_gradgradcheck(checked):
    op, inputs = checked
    assert gradgradcheck(op, leaves(inputs), check_fwd_over_rev=True, check_rev_over_rev=True)


def test_double_backward_through_what_follows(subject):
    op, recursion, inputs = subject

    def penalty(f, inputs):
        value = f(*inputs) ** 2
        grads = torch.autograd.grad(value, inputs, create_graph=True)
        return torch.autograd.grad(sum((each**2).sum() for each in grads), inputs)

    for found, wanted in zip(penalty(op, leaves(inputs)), penalty(recursion, leaves(inputs))):
        close(found, wanted)


HESSIANS = {
    "hessian": func.hessian,
    "jacrev jacrev": lambda f: func.jacrev(func.jacrev(f)),
    "jacfwd jacfwd": lambda f: func.jacfwd(func.jacfwd(f)),
    "jacrev jacfwd": lambda f: func.jacrev(func.jacfwd(f)),
    "functional": lambda f: lambda x: torch.autograd.functional.hessian(f, x),
    "vectorized": lambda f: lambda x: torch.autograd.functional.hessian(f, x, vectorize=True),
}


@pytest.mark.parametrize("way", HESSIANS)
def test_hessian(subject, way):
    op, recursion, inputs = subject
    for k in range(len(inputs)):

        def along(f, k=k):
            return lambda x: f(*inputs[:k], x, *inputs[k + 1 :])

        close(HESSIANS[way](along(op))(inputs[k]), func.hessian(along(recursion))(inputs[k]))


@pytest.mark.parametrize("transform", [func.grad, func.jacrev, func.jacfwd])
def test_first_order_of_all_inputs(subject, transform):
    op, recursion, inputs = subject
    places = tuple(range(len(inputs)))
    for found, wanted in zip(transform(op, argnums=places)(*inputs), transform(recursion, argnums=places)(*inputs)):
        close(found, wanted)


def test_products_of_autograd_functional(subject):
    op, recursion, inputs = subject
    directions = tuple(torch.full_like(each, 0.5) for each in inputs)
    for product in (torch.autograd.functional.hvp, torch.autograd.functional.vhp, torch.autograd.functional.jvp):
        if product is not torch.autograd.functional.jvp:
            for found, wanted in zip(product(op, inputs, directions)[1], product(recursion, inputs, directions)[1]):
                close(found, wanted)
    close(func.jvp(op, inputs, directions)[1], func.jvp(recursion, inputs, directions)[1])


def test_dual_numbers(subject):
    op, recursion, inputs = subject
    with forward_ad.dual_level():
        duals = [forward_ad.make_dual(each, torch.ones_like(each)) for each in inputs]
        found = forward_ad.unpack_dual(op(*duals)).tangent
        close(found, forward_ad.unpack_dual(recursion(*duals)).tangent)


def batch(inputs, count=3):
    return [torch.stack([each + 0.1 * b for b in range(count)]) for each in inputs]


@pytest.mark.parametrize("inner", [lambda f: f, func.grad, func.jacfwd, func.hessian])
def test_vmap_over_all(subject, inner):
    op, recursion, inputs = subject
    batched = batch(inputs)
    wanted = torch.stack([inner(recursion)(*(each[b] for each in batched)) for b in range(3)])
    close(func.vmap(inner(op))(*batched), wanted)


@pytest.mark.parametrize("dims", [(0, None), (None, 0), (1, 0)])
def test_vmap_with_shared_inputs_gives_each_instance_its_gradient(dims):
    x, y = tensor(4, 2), tensor(5, 2, seed=1)
    given = [each if dim is None else torch.stack([each, 2 * each, -each], dim) for each, dim in zip((x, y), dims)]
    found = func.vmap(func.grad(DTW.torch, argnums=(0, 1)), dims)(*given)
    for b in range(3):
        one = [each if dim is None else each.select(dim, b) for each, dim in zip(given, dims)]
        for part, wanted in zip(found, func.grad(recursions.dtw, argnums=(0, 1))(*one)):
            close(part[b], wanted)


def test_vmap_of_a_batch():
    """An axis of vmap around the batch of the kernel, and another around that."""
    x, y = tensor(2, 3, 4, 2), tensor(3, 5, 2, seed=1)
    trans = tensor(5, 2)

    def loss(x, y, z):
        return (DTW.torch(x, y) ** 2).sum() + DTW.torch(x, z).sum()

    found = func.vmap(func.grad(loss, argnums=(0, 1, 2)), (0, None, None))(x, y, trans)
    for v in range(2):
        parts = func.grad(loss, argnums=(0, 1, 2))(x[v], y, trans)
        for one, wanted in zip(found, parts):
            close(one[v], wanted)
    nested = func.vmap(func.vmap(func.vmap(DTW.torch, (0, None)), (0, None)), (None, 0))(x, y)
    close(nested[2, 1, 0], recursions.dtw(x[1, 0], y[2]))


def test_vmap_over_lengths_and_gamma():
    x, y, count = tensor(4, 2), tensor(5, 2, seed=1), torch.tensor([1, 4, 2])
    found = func.vmap(lambda n, g: DTW.torch(x, y, gamma=g, lengths={"N": n}))(count, GAMMA * torch.tensor([1.0, 2, 3], dtype=torch.float64))
    for b, n in enumerate(count):
        close(found[b], recursions.dtw(x[:n], y, GAMMA * (b + 1)))


def test_an_alignment_as_a_layer():
    """Its backward pass is the Hessian-product."""
    one, other = leaves((tensor(4, 2), tensor(5, 2, seed=1))), leaves((tensor(4, 2), tensor(5, 2, seed=1)))
    weights = tensor(4, 5, seed=3)
    layer = DTW.torch.grad(*one, wrt="d", gamma=0.7)
    cost = ((other[0][:, None] - other[1][None]) ** 2).sum(-1)

    def total(cost):
        table = {}
        for i in range(4):
            for j in range(5):
                before = [table[at] for at in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if at in table]
                table[i, j] = cost[i, j] + (recursions.softmin(before, 0.7) if before else 0)
        return table[3, 4]

    expected = torch.autograd.grad(total(cost), cost, create_graph=True)[0]
    close(layer, expected)
    found = torch.autograd.grad((layer * weights).sum(), one)
    for a, b in zip(found, torch.autograd.grad((expected * weights).sum(), other)):
        close(a, b)


def test_hvp_is_public(subject):
    op, recursion, inputs = subject
    name = "x" if len(inputs) == 3 else "emit"
    host = DTW.torch if name == "x" else CHAIN.torch
    direction = tensor(*inputs[0].shape, seed=5)
    found = host.hvp(*inputs[:-1], direction=direction, wrt=name, gamma=inputs[-1])
    hessian = func.hessian(lambda x: recursion(x, *inputs[1:]))(inputs[0])
    close(found, torch.tensordot(hessian, direction, 2))
    moved = direction.clone().requires_grad_()
    again = host.hvp(*inputs[:-1], direction=moved, wrt=name, gamma=inputs[-1])
    close(torch.autograd.grad((again * direction).sum(), moved)[0], found)


def test_third_derivatives_raise(subject):
    op, _, inputs = subject

    def square(x):
        return op(x, *inputs[1:])

    def nested(x):
        first = torch.autograd.grad(square(x), x, create_graph=True)[0]
        return torch.autograd.grad((first**2).sum(), x, create_graph=True)[0]

    x = inputs[0].clone().requires_grad_()
    with pytest.raises(RuntimeError, match="third derivatives"):
        nested(x).sum().backward()
    for transform in (func.jacrev, func.jacfwd, lambda f: func.grad(lambda x: f(x).sum())):
        with pytest.raises(RuntimeError, match="third derivatives"):
            transform(func.hessian(square))(inputs[0])
    with pytest.raises(RuntimeError, match="third derivatives"):
        func.jacfwd(func.jacfwd(func.jacfwd(square)))(inputs[0])


def pair():
    return leaves((tensor(4, 2), tensor(5, 2, seed=1)))


@pytest.mark.parametrize("wrt", ["x", "y", "gamma"])
def test_double_backward_of_an_alignment_raises(wrt):
    """The layer is a first derivative. By what multiplies it, its own is of second order still."""
    x, y = pair()
    gamma, weights = GAMMA.clone().requires_grad_(), tensor(4, 5, seed=3).requires_grad_()
    layer = DTW.torch.grad(x, y, wrt="d", gamma=gamma)
    by = {"x": x, "y": y, "gamma": gamma}[wrt]
    (first,) = torch.autograd.grad((layer * weights).sum(), by, create_graph=True)
    for other in (x, y, gamma):
        with pytest.raises(RuntimeError, match="third derivatives"):
            torch.autograd.grad(first.sum(), other, retain_graph=True)
    (found,) = torch.autograd.grad(first.sum(), weights)
    direction = DTW.torch.hvp(x, y, direction={wrt: torch.ones_like(by)}, wrt=("d", wrt), gamma=gamma)
    close(found, direction.d)


@pytest.mark.parametrize("transform", [func.jacrev, func.jacfwd, lambda f: func.grad(lambda x: f(x).sum())])
def test_second_transform_of_an_alignment_raises(transform):
    x, y = tensor(4, 2), tensor(5, 2, seed=1)
    with pytest.raises(RuntimeError, match="third derivatives"):
        transform(transform(lambda x: DTW.torch.grad(x, y, wrt="d")))(x)


@pytest.mark.parametrize("call", ["hvp", "jvp_and_hvp"])
def test_hvp_by_inputs_raises_and_by_its_direction_does_not(call):
    (x, y), v = pair(), tensor(4, 2, seed=5).requires_grad_()
    gamma, weights = GAMMA.clone().requires_grad_(), tensor(4, 2, seed=6)

    def product():
        found = getattr(DTW.torch, call)(x, y, direction=v, wrt="x", gamma=gamma)
        return found if call == "hvp" else sum(each.sum() for each in found)

    for by in (x, y, gamma):
        with pytest.raises(RuntimeError, match="third derivatives"):
            torch.autograd.grad(product().sum(), by)
    (found,) = torch.autograd.grad(product(), v, weights if call == "hvp" else None, create_graph=True)
    hessian = func.hessian(lambda x: recursions.dtw(x, y, gamma))(x)
    if call == "hvp":
        close(found, torch.tensordot(hessian, weights, 2))
    else:
        close(found, hessian.sum((0, 1)) + func.grad(lambda x: recursions.dtw(x, y, gamma))(x))
    # It is linear: what is left of it does not depend on the direction, but on all else.
    for by in (x, y, gamma):
        with pytest.raises(RuntimeError, match="third derivatives"):
            torch.autograd.grad(found.sum(), by, retain_graph=True)
    again = torch.autograd.grad(found.sum(), v, allow_unused=True)[0]
    assert again is None or (again == 0).all()


COMPILED = {
    "value twice": lambda x, y, v: DTW.torch(x, y),
    "layer twice": lambda x, y, v: DTW.torch.grad(x, y, wrt="d").pow(2).sum(),
    "hvp": lambda x, y, v: DTW.torch.hvp(x, y, direction=v, wrt="x").pow(2).sum(),
    "jvp": lambda x, y, v: DTW.torch.jvp_and_hvp(x, y, direction=v, wrt="x")[0],
}


@pytest.mark.parametrize("which", COMPILED)
@pytest.mark.parametrize("place", range(3))
def test_no_further_derivative_of_a_compiled_graph(which, place):
    """Also where `create_graph` asks for one: PyTorch refuses it, or the operator does."""
    torch._dynamo.reset()
    inputs = [tensor(4, 2), tensor(5, 2, seed=1), tensor(4, 2, seed=5)]
    inputs[place].requires_grad_()
    quick = torch.compile(COMPILED[which], fullgraph=True, backend="aot_eager")
    if which.endswith("twice") and place == 2:
        assert not quick(*inputs).requires_grad
        return
    with pytest.raises(RuntimeError, match="has no derivative under torch.compile|does not.* support double backward"):
        (first,) = torch.autograd.grad(quick(*inputs), inputs[place], create_graph=True)
        torch.autograd.grad(first.sum(), inputs[place])


def test_several_outputs():
    text = """dp 1
    program two {
      reg entropy
      size N >= 1
      input x : float[N]
      output top = max { x[i] for i in 0..N }
      output squares[i in 0..N] = x[i]^2
    }"""
    op = danskin.compile(text).torch
    x = tensor(4).requires_grad_()
    found = op(x)
    close(found.top, torch.logsumexp(x, 0))
    for f, g in ((lambda o: o.top, lambda x: torch.logsumexp(x, 0)), (lambda o: o.squares.sum(), lambda x: (x**2).sum()),
                 (lambda o: o.top * o.squares[1], lambda x: torch.logsumexp(x, 0) * x[1] ** 2)):  # fmt: skip
        close(torch.autograd.grad(f(op(x)), x)[0], torch.autograd.grad(g(x), x)[0])
        close(func.hessian(lambda x: f(op(x)))(x.detach()), func.hessian(g)(x.detach()))
    close(func.jacfwd(lambda x: op(x).squares)(x.detach()), torch.diag(2 * x.detach()))
    with pytest.raises(ValueError, match="cotangent misses squares"):
        op.grad(x, cotangent={"top": torch.tensor(1.0)})
    # Of a vmapped call some outputs have no cotangent, or no direction.
    for shape in ((3, 4), (2, 3, 4)):
        x, mapped = tensor(*shape), op
        for _ in shape[1:]:
            mapped = func.vmap(mapped)
        for f, g in ((lambda o: o.top, lambda x: torch.logsumexp(x, -1)), (lambda o: o.squares, lambda x: x**2)):
            for transform in (func.jacrev, func.jacfwd, func.hessian, lambda f: func.jacrev(func.jacrev(f))):
                close(transform(lambda x: f(mapped(x)).sum())(x), transform(lambda x: g(x).sum())(x))


def test_a_vmapped_product_along_directions():
    """Forward mode is by the direction alone: nothing of a third derivative is asked."""
    x, y, v = tensor(3, 4, 2), tensor(5, 2, seed=1), tensor(3, 4, 2, seed=2)

    def products(v):
        return func.vmap(lambda x, v: DTW.torch.hvp(x, y, direction=v, wrt="x"))(x, v)

    for transform in (func.jacfwd, func.jacrev):
        close(torch.einsum("bikcjl,cjl->bik", transform(products)(v), v), products(v))
    targets = torch.tensor([[1, 2], [2, 2], [1, 1]])
    losses = func.vmap(danskin.zoo.ctc.torch)
    logits = tensor(3, 5, 4)
    close(func.jvp(lambda a: losses(a, targets), (logits,), (logits,))[1],
          (func.grad(lambda a: losses(a, targets).sum())(logits) * logits).sum((1, 2)))  # fmt: skip


TRANSFORMS = {
    "jacrev": func.jacrev,
    "jacfwd": func.jacfwd,
    "jacrev jacrev": lambda f: func.jacrev(func.jacrev(f)),
    "jacfwd jacrev": lambda f: func.jacfwd(func.jacrev(f)),
    "jacrev jacfwd": lambda f: func.jacrev(func.jacfwd(f)),
    "compiled": lambda f: lambda x: torch.autograd.functional.jacobian(
        torch.compile(f, fullgraph=True, backend="aot_eager"), x),
}  # fmt: skip


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_outputs_that_not_all_inputs_reach(transform, place):
    """Entries take no cotangents of those."""
    text = """dp 1
    program partly {
      reg entropy
      size N >= 1
      input u : float[N]
      input v : float[N]
      input w : float[N]
      output a = max { u[i] for i in 0..N }
      output b = max { u[i] + v[i] for i in 0..N }
      output c[i in 0..N] = v[i] * w[i]
    }"""
    op, inputs = danskin.compile(text).torch, [tensor(4, seed=seed) for seed in range(3)]

    def plain(u, v, w):
        return torch.logsumexp(u, 0), torch.logsumexp(u + v, 0), v * w

    for output in range(3):

        def along(f, output=output):
            return lambda x: f(*inputs[:place], x, *inputs[place + 1 :])[output]

        torch._dynamo.reset()
        found, expected = (TRANSFORMS[transform](along(f))(inputs[place]) for f in (op, plain))
        close(found, expected)
    close(op.grad(*inputs, wrt="v"), torch.softmax(inputs[0] + inputs[1], 0) + inputs[2])
    close(op.hvp(*inputs, direction={"v": inputs[0]}, wrt=("w", "v")).w, inputs[0])
