"""Two cores against one."""

import numpy as np

from case import Case
from families.dtw import costs
from ours import ours


def pair(program, entry, inputs, **options):
    return [
        ours(program, entry, inputs, {}, threads=2, **options),
        ours(program, entry, inputs, {}, name="one core", role="own", **options),
    ]


def dtw(b, n, entry):
    return pair("softdtw", entry, {"d": costs(b, n)}, reg="entropy")


def chain(s, entry):
    w = np.random.default_rng(s).normal(size=(32, 512, s, s)).astype("f4")
    return pair("potentials", entry, {"w": w}, reg="entropy")


def cases():
    for label, shape, cells, build, gain in (
        ("soft-DTW forward", "B=64 N=M=256", 64 * 256**2, lambda: dtw(64, 256, "value"), 1.7),
        ("soft-DTW value+gradient", "B=64 N=M=256", 64 * 256**2, lambda: dtw(64, 256, "grad"), 1.7),
        ("soft-DTW forward", "B=8 N=M=512", 8 * 512**2, lambda: dtw(8, 512, "value"), 1.7),
        ("CRF full potentials forward", "B=32 T=512 S=32", 32 * 512 * 32**2, lambda: chain(32, "value"), 1.7),
        ("soft-DTW forward", "B=1 N=M=4096", 4096**2, lambda: dtw(1, 4096, "value"), 1.5),
    ):
        yield Case(f"two cores: {label}", shape, cells, build, goals={"one core": 1 / gain}, wall=True)
