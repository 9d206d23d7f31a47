"""Pictures: what is drawn is what was computed."""

import matplotlib

matplotlib.use("Agg")

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from matplotlib import pyplot  # noqa: E402

import danskin  # noqa: E402

SOFT, HARD = danskin.zoo.load("dtw", "entropy"), danskin.zoo.load("dtw", "hard")


@pytest.fixture(autouse=True)
def closed():
    yield
    pyplot.close("all")


def test_an_alignment(tmp_path):
    x, y = np.sin(np.arange(8.0))[:, None], np.sin(np.arange(9.0) * 0.9)[:, None]
    weights, best = SOFT.numpy.grad(x, y, wrt="d"), HARD.numpy.argmax(x, y)
    axes = danskin.plot.alignment(weights, path=best, x=x, y=y)
    np.testing.assert_array_equal(axes.get_images()[0].get_array(), weights)
    (line,) = axes.get_lines()
    assert list(zip(line.get_ydata(), line.get_xdata())) == [step.index for step in best.path()]
    axes.figure.savefig(tmp_path / "alignment.png")
    assert (tmp_path / "alignment.png").stat().st_size > 1000


def test_marginals():
    chain = danskin.zoo.load("viterbi", "entropy")
    draw = np.random.default_rng(0)
    weights = chain.numpy.grad(draw.normal(size=(6, 3)), np.eye(3), np.zeros(3), wrt="emit")
    axes = danskin.plot.marginals(weights, columns=["a", "b", "c"])
    assert [each.get_text() for each in axes.get_xticklabels()] == ["a", "b", "c"]
    assert danskin.plot.marginals(-weights).get_images()[0].get_clim() == (-weights.max(), weights.max())


def test_a_path_among_several_tables():
    sw3 = danskin.zoo.load("sw3", "hard")
    a = np.array([0, 1, 1, 0])
    path = sw3.numpy.argmax(a, a, 2 * np.eye(2) - 1, 1.0, 0.5).path()
    (line,) = danskin.plot.path_of(path, table="P").get_lines()
    assert list(line.get_xdata()) == [4, 3, 2, 1]


def test_a_batch_is_refused():
    x = np.zeros((2, 3, 1))
    with pytest.raises(ValueError, match="draw one instance"):
        danskin.plot.alignment(SOFT.numpy.grad(x, x, wrt="d"))
    with pytest.raises(ValueError, match="draw one instance"):
        danskin.plot.path_of(HARD.numpy.argmax(x, x))
    with pytest.raises(ValueError, match="no step"):
        danskin.plot.path_of([])
