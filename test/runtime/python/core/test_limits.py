"""What hosts cannot do, as the package's README has it: each has a test."""

import pathlib
import re

import pytest
import torch

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
