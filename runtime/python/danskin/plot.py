"""Pictures of results, with matplotlib (`pip install danskin[plot]`).

Every function draws into `axes`, or into new ones, and returns them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .paths import Argmax


def _get_axes(axes):
    if axes is not None:
        return axes
    from matplotlib import pyplot

    return pyplot.subplots()[1]


def _to_numpy(values):
    """A NumPy array of what a host gave, wherever it lies."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    return np.asarray(values)


def _to_array(values, rank, what):
    """The same, of so many axes."""
    array = _to_numpy(values)
    if array.ndim != rank:
        raise ValueError(f"{what} must have {rank} axes, but has {array.ndim}: of a batch draw one instance")
    return array


def _to_steps(path):
    """The steps of a path, which may be an `Argmax` that lies on a GPU."""
    if not isinstance(path, Argmax):
        return path
    return Argmax(path._description, None, _to_numpy(path.rows), _to_numpy(path.length)).path()


def alignment(weights: Any, path: Any = None, x: Any = None, y: Any = None, axes: Any = None) -> Any:
    """An alignment of two series: how much each pair of points is used.

    Args:
        weights: [N, M], such as `dtw.numpy.grad(x, y, wrt="d")`.
        path: of the hard alignment, drawn as a line: steps or an `Argmax`.
        x, y: the series of N and M numbers, drawn at the sides.
    """
    weights = _to_array(weights, 2, "weights")
    axes = marginals(weights, axes=axes)
    axes.set_xlabel("y")
    axes.set_ylabel("x")
    if path is not None:
        path_of(path, axes=axes)
    for series, side, draw in ((x, "left", lambda a, s: a.plot(-s, np.arange(len(s)), color="black", lw=1)),
                               (y, "top", lambda a, s: a.plot(np.arange(len(s)), s, color="black", lw=1))):  # fmt: skip
        if series is not None:
            series = np.ravel(_to_numpy(series))
            box = [-0.22, 0, 0.18, 1] if side == "left" else [0, 1.04, 1, 0.18]
            beside = axes.inset_axes(box)
            draw(beside, series)
            beside.set_axis_off()
            if side == "left":
                beside.set_ylim(axes.get_ylim())
            else:
                beside.set_xlim(axes.get_xlim())
    return axes


def marginals(weights: Any, rows: Sequence[str] | None = None, columns: Sequence[str] | None = None,
              axes: Any = None) -> Any:  # fmt: skip
    """Marginals, or any gradient of rank 2, as a picture: darker is more.

    Args:
        weights: [rows, columns], such as the gradient of a linear chain by its
            emissions. Where some are negative, blue is more and red is less than 0.
        rows, columns: names to write at the sides.
    """
    weights = _to_array(weights, 2, "weights")
    axes = _get_axes(axes)
    largest = np.abs(weights[np.isfinite(weights)]).max(initial=0) or 1
    signed = (weights < 0).any()
    axes.imshow(weights, cmap="RdBu" if signed else "Blues", vmin=-largest if signed else 0, vmax=largest,
                aspect="auto", interpolation="nearest")  # fmt: skip
    for names, set_ticks in ((rows, axes.set_yticks), (columns, axes.set_xticks)):
        if names is not None:
            set_ticks(range(len(names)), names)
    return axes


def path_of(path: Any, table: str | None = None, axes: Any = None, **style: Any) -> Any:
    """The cells of a path through a table of two indices, as a line.

    Args:
        path: steps, or an `Argmax` without a batch.
        table: which; None: the one with the most steps.
        style: of matplotlib's `plot`.

    Raises:
        ValueError: the path is that of a batch, or has no step in a table of two indices.
    """
    steps = _to_steps(path)
    if steps and isinstance(steps[0], list):
        raise ValueError("the path is that of a batch: draw one instance, path(0)")
    flat = [step for step in steps if len(step.index) == 2]
    if table is None and flat:
        table = max({step.table for step in flat}, key=lambda name: sum(step.table == name for step in flat))
    cells = [step.index for step in flat if step.table == table]
    if not cells:
        raise ValueError("the path has no step in a table of two indices")
    axes = _get_axes(axes)
    axes.plot([j for _, j in cells], [i for i, _ in cells], **{"color": "crimson", "lw": 1.5, **style})
    return axes
