"""Sequences of digits, as noisy frames: what both trainers learn to read.

Instances depend on their number alone, so every process makes its own share of a
batch without talking to the others.
"""

import numpy as np

CLASSES, FEATURES, FRAMES, LABELS = 6, 8, 24, 5
_PATTERNS = np.random.default_rng(0).normal(size=(CLASSES, FEATURES))


def make_instance(number):
    """(frames, labels): class 0 is the blank, a label lasts one to four frames."""
    draw = np.random.default_rng(1000 + number)
    labels = draw.integers(1, CLASSES, draw.integers(1, LABELS + 1))
    spoken = [0]
    for label in labels:
        spoken += [label] * draw.integers(1, 4) + [0]
    frames = _PATTERNS[spoken] + 0.3 * draw.normal(size=(len(spoken), FEATURES))
    return frames, labels


def make_batch(numbers, dtype="f4"):
    """A padded batch: frames [B, T, F], labels [B, L], and the lengths of both."""
    instances = [make_instance(number) for number in numbers]
    frames = np.zeros((len(instances), FRAMES, FEATURES), dtype)
    labels = np.ones((len(instances), LABELS), "i4")
    for b, (each, spelled) in enumerate(instances):
        frames[b, : len(each)], labels[b, : len(spelled)] = each, spelled
    lengths = {"T": np.array([len(each) for each, _ in instances], "i4"),
               "L": np.array([len(spelled) for _, spelled in instances], "i4")}  # fmt: skip
    return frames, labels, lengths


def get_share(step, batch, rank, ranks):
    """The numbers of the instances of one process in one step."""
    first, own = step * batch, batch // ranks
    return range(first + rank * own, first + (rank + 1) * own)
