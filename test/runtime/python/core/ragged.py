"""Ragged and padded inputs of the zoo's programs, and what the reference
interpreter makes of them."""

import os
import pathlib

import numpy as np
from oracle import interpret

# {program: (regularizers, sizes of the padded batch)}
SUBJECTS = {
    "dtw": (("entropy", "l2", "hard"), dict(N=5, M=6, K=2)),
    "viterbi": (("entropy", "l2"), dict(T=6, S=3)),
    "ctc": (("entropy",), dict(T=7, L=3, V=4)),
    "sw3": (("entropy",), dict(N=4, M=5, Q=4)),
    "semimarkov": (("entropy",), dict(T=5, S=2, W=3)),
    "cky": (("entropy",), dict(N=4, G=2)),
    "rnnt": (("entropy",), dict(T=4, U=3)),
}
# What differs from instance to instance.
RAGGED = {"dtw": "NM", "viterbi": "T", "ctc": "TL", "sw3": "NM", "semimarkov": "T", "cky": "N", "rnnt": "TU"}
LEAST = {"ctc": {"T": 3, "L": 0}, "sw3": {"N": 0, "M": 0}, "rnnt": {"U": 0}}

EXAMPLES = pathlib.Path(__file__).resolve().parents[4] / "examples"


def evaluate(program, inputs, entries=("value",), wrt=(), gamma=1.0, lengths=(), cotangents=(), directions=(),
             sizes=()):  # fmt: skip
    """{output: array} of a `danskin.Program` of the zoo by `dpc eval`."""
    arrays = dict(inputs)
    for prefix, further in (("len.", lengths), ("ct.", cotangents), ("dir.", directions)):
        arrays.update((prefix + name, array) for name, array in dict(further).items())
    options = [f"--reg={program.reg}", *(f"{name}={value}" for name, value in dict(sizes).items())]
    if wrt:
        options.append(f"--wrt={','.join(wrt)}")
    path = EXAMPLES / program.name / f"{program.name}.dp"
    return interpret(os.environ["DANSKIN_DPC"], path, entries, arrays, f"--gamma={gamma!r}", *options)


def make(program, draw, sizes, batch=()):
    """{input: array} of a program of the zoo; shared inputs stand once."""
    made = {}
    for each in program.description.inputs:
        shape = [eval(extent, {}, sizes) for extent in each.shape]
        if not each.shared:
            shape = [*batch, *shape]
        if each.element == "int":
            low, high = (eval(end, {}, sizes) for end in each.values.split(".."))
            made[each.name] = draw.integers(low, high, shape)
        else:
            made[each.name] = draw.normal(size=shape)
    return made


def draw_lengths(name, draw, sizes, batch):
    """Lengths of the sizes that are ragged, the last instance of full size."""
    lengths = {}
    for size in RAGGED[name]:
        least = LEAST.get(name, {}).get(size, 1)
        lengths[size] = np.array([*draw.integers(least, sizes[size] + 1, batch - 1), sizes[size]])
    return lengths
