#!/usr/bin/env python3
"""The average of series under soft-DTW, by gradient descent in PyTorch.

Bumps that come early or late have a mean that is wide and low; their average
under soft-DTW is a bump like them. Series of different lengths are one padded batch.

    pip install ./runtime/python torch matplotlib
    examples/dtw/average.py --plot average.svg
"""

import argparse
import pathlib

import torch

import danskin

PROGRAM = pathlib.Path(__file__).with_name("dtw.dp")


def make_series(count, generator):
    """(bumps [count, most, 1], padded with NaN; their lengths)."""
    lengths = torch.randint(30, 50, (count,), generator=generator)
    centers = 0.3 + 0.4 * torch.rand(count, generator=generator)
    series = torch.full((count, int(lengths.max()), 1), float("nan"), dtype=torch.float64)
    for row, length, center in zip(series, lengths, centers):
        time = torch.linspace(0, 1, int(length), dtype=torch.float64)
        row[:length, 0] = torch.exp(-(((time - center) / 0.08) ** 2))
    return series, lengths


def find_average(dtw, series, lengths, gamma, steps):
    """(the average, as long as the first series, the loss at each step)."""
    # The first series at half its height: nothing like the average yet.
    average = series[0, : lengths[0]].clone().mul(0.5).requires_grad_()
    optimizer = torch.optim.LBFGS([average], max_iter=steps, line_search_fn="strong_wolfe")
    losses = []

    def loss():
        optimizer.zero_grad()
        value = (dtw.torch(series, average, gamma=gamma, lengths={"N": lengths}) / lengths).mean()
        value.backward()
        losses.append(value.item())
        return value

    optimizer.step(loss)
    return average.detach(), losses


def draw(series, average, path):
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3))
    for row in series:
        axes.plot(row[:, 0], color="silver", lw=1)
    axes.plot(average[:, 0], color="crimson", lw=2, label="average under soft-DTW")
    axes.legend()
    figure.savefig(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=12, help="series")
    parser.add_argument("--steps", type=int, default=60, help="of the optimizer")
    parser.add_argument("--gamma", type=float, default=0.01)
    parser.add_argument("--plot", type=pathlib.Path, help="a file for the picture")
    options = parser.parse_args()
    series, lengths = make_series(options.count, torch.Generator().manual_seed(0))
    dtw = danskin.load(PROGRAM, reg="entropy")
    average, losses = find_average(dtw, series, lengths, options.gamma, options.steps)
    print(f"loss {losses[0]:.4f} -> {losses[-1]:.4f} in {len(losses)} evaluations; the peak is {average.max():.2f}")
    if options.plot:
        draw(series, average, options.plot)


if __name__ == "__main__":
    main()
