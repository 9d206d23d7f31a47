"""The programs that run_calls.py calls, and instances of them."""

import dataclasses
import pathlib
from typing import Callable

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass
class Subject:
    """`sizes` has the largest size of an instance, after it the smallest; `make`
    draws inputs of an instance. `linear` names the inputs that are weights of
    candidates and nothing else: those stand `zero`, 1e30 and the like."""

    path: pathlib.Path
    sizes: dict
    make: Callable
    linear: tuple = ()
    zero: float = -np.inf
    wrt: str = ""  # where it is not the default
    own: bool = False  # built under the regularizer that the program names, too

    @property
    def name(self):
        return self.path.stem

    def largest(self):
        return {name: limits[0] for name, limits in self.sizes.items()}

    def draw_sizes(self, draw):
        return {name: int(draw.integers(least, most + 1)) for name, (most, least) in self.sizes.items()}


def example(name):
    return ROOT / "examples" / name / f"{name}.dp"


def program(name):
    return ROOT / "test" / "semantics" / "programs" / f"{name}.dp"


def normal(draw, *shape):
    return draw.normal(size=shape)


def edges(draw, n):
    """A graph of V vertices and E edges, those into a vertex side by side."""
    targets = np.sort(draw.integers(1, n["V"], n["E"]))
    sources = np.array([draw.integers(0, v) for v in targets], dtype="i8")
    indptr = np.searchsorted(targets, np.arange(n["V"] + 1))
    return {"g.indptr": indptr.astype("i8"), "g.src": sources, "w": normal(draw, n["E"])}


def words(draw, n):
    return {"a": draw.integers(0, n["Q"], n["N"]), "b": draw.integers(0, n["Q"], n["M"]),
            "sub": normal(draw, n["Q"], n["Q"]), "open": normal(draw), "ext": normal(draw)}  # fmt: skip


SUBJECTS = [
    Subject(example("dtw"), {"N": (5, 1), "M": (7, 1), "K": (2, 0)},
            lambda draw, n: {"x": normal(draw, n["N"], n["K"]), "y": normal(draw, n["M"], n["K"])},
            wrt="x,y,d,gamma"),
    Subject(example("viterbi"), {"T": (5, 1), "S": (3, 1)},
            lambda draw, n: {"emit": normal(draw, n["T"], n["S"]), "trans": normal(draw, n["S"], n["S"]),
                             "start": normal(draw, n["S"])}, ("emit", "trans", "start")),
    Subject(example("ctc"), {"T": (8, 0), "L": (3, 0), "V": (4, 2)},
            lambda draw, n: {"logp": normal(draw, n["T"], n["V"]), "y": draw.integers(1, n["V"], n["L"])}, ("logp",)),
    Subject(example("rnnt"), {"T": (5, 1), "U": (3, 0)},
            lambda draw, n: {"blank": normal(draw, n["T"], n["U"] + 1), "label": normal(draw, n["T"], n["U"])},
            ("blank", "label")),
    Subject(example("sw"), {"N": (5, 0), "M": (4, 0), "Q": (3, 1)}, words, ("sub",)),
    Subject(example("sw3"), {"N": (5, 0), "M": (4, 0), "Q": (3, 1)}, words, ("sub",)),
    Subject(example("cky"), {"N": (5, 1), "G": (3, 1)},
            lambda draw, n: {"lex": normal(draw, n["N"], n["G"]), "rule": normal(draw, n["G"], n["G"], n["G"]),
                             "root": normal(draw, n["G"])}, ("lex", "rule", "root")),
    Subject(example("nussinov"), {"N": (6, 0), "Q": (3, 1)},
            lambda draw, n: {"s": draw.integers(0, n["Q"], n["N"]), "pair": normal(draw, n["Q"], n["Q"])}, ("pair",)),
    Subject(example("dagpath"), {"V": (6, 2), "E": (9, 0)}, edges, ("w",), np.inf),
    Subject(example("semimarkov"), {"T": (5, 1), "S": (2, 1), "W": (3, 0)},
            lambda draw, n: {"seg": normal(draw, n["T"], n["W"], n["S"]), "trans": normal(draw, n["S"], n["S"])},
            ("seg", "trans")),
    Subject(example("valueiter"), {"S": (3, 1), "A": (2, 1), "K": (4, 0)},
            lambda draw, n: {"R": normal(draw, n["S"], n["A"]), "P": 0.3 * draw.uniform(size=(n["S"], n["A"], n["S"])),
                             "discount": np.array(0.9)}),
    Subject(program("band"), {"N": (6, 1), "W": (2, 0)},
            lambda draw, n: {"x": normal(draw, n["N"]), "y": normal(draw, n["N"])}),
    Subject(program("hops"), {"V": (6, 2), "E": (9, 0), "H": (3, 0)}, edges, ("w",), np.inf),
    Subject(program("columns"), {"N": (5, 1), "M": (3, 0)},
            lambda draw, n: {"w": normal(draw, n["N"], n["M"]), "bias": normal(draw)}, ("w", "bias")),
    Subject(program("tempered"), {"N": (5, 1)},
            lambda draw, n: {"w": normal(draw, n["N"]), "tau": normal(draw)}, own=True),
]  # fmt: skip
