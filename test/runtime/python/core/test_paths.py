"""Paths against the reference interpreter, and as steps."""

import numpy as np
import pytest
from oracle import example, interpret, prefixed
from ragged import SUBJECTS, draw_lengths, make

import danskin


@pytest.mark.parametrize("name", SUBJECTS)
def test_rows_of_a_ragged_batch(name, draw):
    program, sizes = danskin.zoo.load(name, "hard"), SUBJECTS[name][1]
    inputs, lengths = make(program, draw, sizes, (4,)), draw_lengths(name, draw, sizes, 4)
    expected = interpret(example(name), ["argmax"], {**inputs, **prefixed("len", lengths)})
    found = program.numpy.argmax(**inputs, lengths=lengths)
    np.testing.assert_array_equal(found.length, expected["argmax.length"])
    for b, count in enumerate(found.length):
        np.testing.assert_array_equal(found.rows[b, :count], expected["argmax"][b, :count])


def test_steps():
    program = danskin.zoo.load("dtw")
    x, y = np.array([[0.0], [5.0]]), np.array([[0.0], [0.0], [5.0]])
    best = program.numpy.argmax(x, y)
    assert best.value == 0
    assert [(step.table, step.index, step.label) for step in best.path()] == [
        ("D", (1, 2), "diag"), ("D", (0, 1), "right"), ("D", (0, 0), "")]  # fmt: skip
    batch = program.numpy.argmax(np.stack([x, x]), y, lengths={"N": [2, 1]})
    assert batch.path(0) == best.path() == batch.path()[0]
    assert [step.index for step in batch.path(1)] == [(0, 2), (0, 1), (0, 0)]
    with pytest.raises(ValueError, match="no batch"):
        best.path(0)


def test_trees_and_binders():
    program = danskin.zoo.load("cky", "hard")
    draw = np.random.default_rng(0)
    lex, rule, root = draw.normal(size=(5, 3)), draw.normal(size=(3, 3, 3)), draw.normal(size=3)
    best = program.numpy.argmax(lex, rule, root)
    path = best.path()
    assert path[0].table == "logz" and set(path[0].binders) == {"a"}
    total = root[path[0].binders["a"]]
    for step in path[1:]:
        i, j, a = step.index
        if j == i + 1:
            total += lex[i, a]
            assert step.alternative is None and step.label == ""
        else:
            assert step.label == "split" and i < step.binders["k"] < j
            total += rule[a, step.binders["b"], step.binders["c"]]
    assert total == pytest.approx(best.value)
    assert sorted(step.index[0] for step in path[1:] if step.alternative is None) == list(range(5))


TWO = """dp 1
program two {
  input x : float
  table A[i in 0..2]
  A[0] = max { up: x | zero: 0 } + max { left: -x | zero: 0 }
  A[i] otherwise = max { skip: 0
                       | take: A[i-1] + min { near: 1 + sum { max { low: 0 | high: x } for k in 0..2 } | far: 9 } }
                   + max { each: x * k for k in 0..3 }
  output y = A[1]
}"""


def test_several_choices_of_an_equation(tmp_path):
    """Beside one another, in one another, and in a sum: each alternative has its own number and label."""
    program = danskin.compile(TWO)
    (tmp_path / "two.dp").write_text(TWO)
    for x, labels in ((2.0, "take up zero near high high each"), (-9.0, "take zero left near low low each")):
        best = program.numpy.argmax(x)
        assert [step.label for step in best.path()] == labels.split()
        expected = interpret(tmp_path / "two.dp", ["argmax"], {"x": np.array(x)})["argmax"]
        np.testing.assert_array_equal(best.rows[: best.length], expected)
    assert [(step.alternative, step.binders) for step in best.path()][-1] == (6, {"k": 0})
