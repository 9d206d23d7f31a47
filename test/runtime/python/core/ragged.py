"""Ragged and padded inputs of the zoo's programs."""

import numpy as np

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
