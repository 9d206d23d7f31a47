"""What hosts cannot do, as the package's README has it: each has a test."""

import pathlib
import re

import pytest
import torch
from torch.autograd import forward_ad

import danskin

ROOT = pathlib.Path(__file__).resolve().parents[4]
DTW = danskin.zoo.load("dtw", "entropy").torch


def test_each_has_a_test():
    text = (ROOT / "runtime/python/README.md").read_text().partition("## What each host cannot do")[2]
    named = re.findall(r"^\|.*\| `(test_\w+)` \|$", text, re.MULTILINE)
    assert len(named) == len(re.findall(r"^\| [^h]", text, re.MULTILINE)) > 5, "a row names no test"
    tests = "".join(path.read_text() for path in (ROOT / "test/runtime/python").glob("*/test_*.py"))
    assert not [name for name in named if f"def {name}(" not in tests]


def test_transforms_inside_a_compiled_function():
    torch._dynamo.reset()
    quick = torch.compile(torch.func.grad(lambda x: DTW(x, torch.ones(5, 2))), backend="aot_eager", fullgraph=True)
    with pytest.raises(RuntimeError, match="functorch transforms"):
        quick(torch.ones(4, 2))


def push(f):
    """The derivative of `f` along ones, by dual tensors."""

    def along(x):
        with forward_ad.dual_level():
            return forward_ad.unpack_dual(f(forward_ad.make_dual(x, torch.ones_like(x)))).tangent

    return along


def value(x):
    return DTW(x, torch.ones(5, 2, dtype=x.dtype))


def norm(x):
    return DTW.grad(x, torch.ones(5, 2, dtype=x.dtype), wrt="x", lengths={"N": torch.tensor(3)}).pow(2).sum()


FORWARD = {
    "jvp": lambda f: lambda x: torch.func.jvp(f, (x,), (torch.ones_like(x),))[1],
    "jacfwd": torch.func.jacfwd,
    "dual_level": push,
}


@pytest.mark.parametrize("f", [value, norm])
@pytest.mark.parametrize("name", FORWARD)
@pytest.mark.parametrize("whole", [True, False])
def test_forward_mode_of_a_compiled_function(whole, name, f):
    """It raises, and is never 0 silently; outside it is right."""
    torch._dynamo.reset()
    x = torch.randn(4, 2, dtype=torch.float64)
    (gradient,) = torch.autograd.grad(f(x.requires_grad_()), x)
    x = x.detach()
    torch.testing.assert_close(FORWARD[name](f)(x), gradient if name == "jacfwd" else gradient.sum())
    quick = torch.compile(FORWARD[name](f), backend="aot_eager", fullgraph=whole)
    with pytest.raises(RuntimeError, match="dtw: a compiled function has no forward mode.* outside of torch.compile"):
        quick(x)


@pytest.mark.parametrize("f", [value, norm])
def test_dual_tensors_given_to_a_compiled_function(f):
    """Also to one that has been compiled for others."""
    torch._dynamo.reset()
    x = torch.randn(4, 2)
    quick = torch.compile(f, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(quick(x), f(x))
    with pytest.raises(RuntimeError, match="dtw: a compiled function has no forward mode"):
        push(quick)(x)
    torch.testing.assert_close(quick(x), f(x))


def test_paths_are_traced_for_each_shape():
    torch._dynamo.reset()
    graphs = []

    def count(graph, inputs):
        graphs.append(graph)
        return graph.forward

    quick = torch.compile(lambda x, y: DTW.argmax(x, y).rows, backend=count, fullgraph=True, dynamic=True)
    for length, wanted in ((4, 1), (6, 2), (4, 2), (6, 2), (7, 3)):
        x, y = torch.randn(length, 2), torch.randn(5, 2)
        assert torch.equal(quick(x, y), DTW.argmax(x, y).rows)
        assert len(graphs) == wanted
