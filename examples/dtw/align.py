#!/usr/bin/env python3
"""Aligns two series of the UCR "Trace" data with examples/dtw/dtw.dp.

Runs `dpc run` once for each regularizer, prints the cost and the hard path,
and draws both series, the soft alignment (the gradient of the cost with respect
to the local cost d) and the hard path over it, side by side.
"""

import argparse
import importlib.metadata
import pathlib
import subprocess
import textwrap

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "dtw"  # equal runs write equal files
import matplotlib.pyplot as plt
import numpy as np

SPEC = pathlib.Path(__file__).with_name("dtw.dp")
MOVES = {(1, 1): "\\", (1, 0): "|", (0, 1): "-"}


def trace_series(first, second):
    """Two training series of Trace, each of shape (275, 1).

    The tslearn package carries the file; it is read without importing tslearn,
    whose own dependencies are many.
    """
    package = importlib.metadata.distribution("tslearn")
    path = package.locate_file("tslearn/.cached_datasets/Trace.npz")
    series = np.load(path)["X_train"]
    return series[first], series[second]


def align(dpc, out, reg, gamma):
    """The cost, the alignment matrix (N, M) and the hard path (steps, 2)."""
    result = out / reg
    subprocess.run(
        [dpc, "run", SPEC, f"x={out}/x.npy", f"y={out}/y.npy", f"--reg={reg}", f"--gamma={gamma}",
         "--entry=value,grad,argmax", "--wrt", "d", "-o", result],
        check=True, stdout=subprocess.DEVNULL)  # fmt: skip
    # A row of argmax.npy is a step: table, i, j, equation, candidate. The first
    # is the end of the alignment, and only so many rows count as its length.
    steps = np.load(result / "argmax.npy")[: np.load(result / "argmax.length.npy")]
    path = steps[::-1, 1:3]
    return float(np.load(result / "cost.npy")), np.load(result / "grad.d.npy"), path


def describe(path):
    """The path as text: a backslash for a diagonal step, | down and - right."""
    start, end = (tuple(map(int, path[k])) for k in (0, -1))
    moves = "".join(MOVES[tuple(step)] for step in np.diff(path, axis=0).tolist())
    return f"hard path from {start} to {end}, {len(path)} cells: \\ both advance, | x, - y\n{textwrap.fill(moves, 100)}"


def draw(x, y, gamma, results, file):
    """One panel a regularizer: y on top, x at the left, the alignment between."""
    figure = plt.figure(figsize=(4.2 * len(results), 4.6))
    for column, (reg, (cost, alignment, path)) in enumerate(results.items()):
        left = (column + 0.06) / len(results)
        width, height = 0.72 / len(results), 0.64
        bottom = 0.12
        middle = figure.add_axes([left + 0.18 / len(results), bottom, width, height])
        above = figure.add_axes([left + 0.18 / len(results), bottom + height + 0.01, width, 0.14])
        beside = figure.add_axes([left, bottom, 0.17 / len(results), height])
        # The square root shows small expectations beside large ones.
        middle.imshow(np.sqrt(np.maximum(alignment, 0)), cmap="Blues", aspect="auto", interpolation="nearest")
        middle.plot(path[:, 1], path[:, 0], color="crimson", linewidth=0.8)
        middle.set_yticks([])
        middle.set_xlabel("y, time")
        above.plot(y[:, 0], color="black", linewidth=0.9)
        above.set_xlim(-0.5, len(y) - 0.5)
        beside.plot(-x[:, 0], np.arange(len(x)), color="black", linewidth=0.9)
        beside.set_ylim(len(x) - 0.5, -0.5)
        beside.set_ylabel("x, time")
        for axes in (above, beside):
            axes.set_xticks([])
            axes.set_yticks([])
        strength = "" if reg == "hard" else f", gamma = {gamma:g}"
        above.set_title(f"{reg}{strength}: cost {cost:.4g}", fontsize=10)
    figure.savefig(file, dpi=150, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dpc", default="build/bin/dpc", help="the compiler (default: %(default)s)")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build/quickstart"))
    parser.add_argument("--series", type=int, nargs=2, default=(4, 15), help="which series of Trace")
    parser.add_argument("--gamma", type=float, default=0.1)
    options = parser.parse_args()

    options.out.mkdir(parents=True, exist_ok=True)
    x, y = trace_series(*options.series)
    np.save(options.out / "x.npy", x)
    np.save(options.out / "y.npy", y)

    results = {}
    for reg in ("hard", "entropy", "l2"):
        results[reg] = cost, alignment, path = align(options.dpc, options.out, reg, options.gamma)
        print(f"{reg:8} cost {cost:9.5f}   cells in the alignment: {np.count_nonzero(alignment > 1e-12)}")
    print(describe(path))
    draw(x, y, options.gamma, results, options.out / "dtw.svg")


if __name__ == "__main__":
    main()
