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


def to_torch(array):
    import torch

    made = torch.from_numpy(np.array(array))
    return made.requires_grad_() if made.is_floating_point() else made


def to_jax(array):
    from jax import numpy as jnp

    return jnp.asarray(array)


class Elsewhere:
    """What a tensor on a GPU is like: NumPy gets it by way of the CPU only."""

    def __init__(self, tensor):
        self.tensor = tensor

    def __array__(self, *_, **__):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    def detach(self):
        return Elsewhere(self.tensor.detach())

    def cpu(self):
        return self.tensor


def same(each):
    return each


# {name: (host, its arrays, what is done to its results)}
HOSTS = {
    "numpy": ("numpy", np.asarray, same),
    "torch": ("torch", to_torch, same),
    "jax": ("jax", to_jax, same),
    "gpu": ("torch", to_torch, Elsewhere),
}


@pytest.fixture(params=HOSTS)
def host(request):
    return HOSTS[request.param]


def plain(array):
    return np.asarray(array.detach() if hasattr(array, "detach") else array)


def test_an_alignment(tmp_path, host):
    name, make, move = host
    x, y = (make(np.sin(np.arange(n) * step)[:, None].astype("f4")) for n, step in ((8, 1.0), (9, 0.9)))
    weights, best = getattr(SOFT, name).grad(x, y, wrt="d"), getattr(HARD, name).argmax(x, y)
    steps = best.path()
    best.rows, best.length = move(best.rows), move(best.length)
    axes = danskin.plot.alignment(move(weights), path=best, x=move(x), y=move(y))
    np.testing.assert_array_equal(axes.get_images()[0].get_array(), plain(weights))
    (line,) = axes.get_lines()
    assert list(zip(line.get_ydata(), line.get_xdata())) == [step.index for step in steps]
    beside = [each.get_lines()[0] for each in axes.child_axes]
    np.testing.assert_array_equal(beside[0].get_xdata(), -plain(x)[:, 0])
    np.testing.assert_array_equal(beside[1].get_ydata(), plain(y)[:, 0])
    axes.figure.savefig(tmp_path / "alignment.png")
    assert (tmp_path / "alignment.png").stat().st_size > 1000


def test_marginals(host):
    name, make, move = host
    chain = danskin.zoo.load("viterbi", "entropy")
    draw = np.random.default_rng(0)
    inputs = [make(each.astype("f4")) for each in (draw.normal(size=(6, 3)), np.eye(3), np.zeros(3))]
    weights = getattr(chain, name).grad(*inputs, wrt="emit")
    axes = danskin.plot.marginals(move(weights), columns=["a", "b", "c"])
    assert [each.get_text() for each in axes.get_xticklabels()] == ["a", "b", "c"]
    most = plain(weights).max()
    assert danskin.plot.marginals(move(-weights)).get_images()[0].get_clim() == (-most, most)


def test_a_path_among_several_tables():
    sw3 = danskin.zoo.load("sw3", "hard")
    a = np.array([0, 1, 1, 0])
    path = sw3.numpy.argmax(a, a, 2 * np.eye(2) - 1, 1.0, 0.5).path()
    (line,) = danskin.plot.path_of(path, table="P").get_lines()
    assert list(line.get_xdata()) == [4, 3, 2, 1]


def test_a_batch_is_refused(host):
    name, make, move = host
    x = make(np.zeros((2, 3, 1), "f4"))
    with pytest.raises(ValueError, match="draw one instance"):
        danskin.plot.alignment(move(getattr(SOFT, name).grad(x, x, wrt="d")))
    with pytest.raises(ValueError, match="draw one instance"):
        danskin.plot.path_of(getattr(HARD, name).argmax(x, x))
    with pytest.raises(ValueError, match="no step"):
        danskin.plot.path_of([])
