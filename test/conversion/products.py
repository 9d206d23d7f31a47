#!/usr/bin/env python3
"""Values, gradients and Hessian-products of sums of products, by kernels and by
the interpreter, where the factors have one size, many sizes, or are missing; of
other choices if `--reg=` is among the options.

usage: products.py FILE.dp INPUT=EXTENTxEXTENT... ARRAY [option...]
       ARRAY: the input that is of many sizes
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np

RANGES = {
    "plain": lambda rng, shape: rng.normal(size=shape),
    "wide": lambda rng, shape: 40 * rng.normal(size=shape),
    "masked": lambda rng, shape: np.where(rng.random(shape) < 0.5, -1e4, rng.normal(size=shape)),
    "missing": lambda rng, shape: np.where(rng.random(shape) < 0.5, -np.inf, rng.normal(size=shape)),
}


def call(way, spec, arguments, out):
    subprocess.run(["dpc", way, spec, *arguments, "-o", out], check=True, stdout=subprocess.DEVNULL)
    return {path.name: np.load(path) for path in pathlib.Path(out).glob("*.npy")}


def main(spec, *arguments):
    shapes = dict(a.split("=") for a in arguments if "=" in a and not a.startswith("-"))
    many = next(a for a in arguments if "=" not in a)
    options = [a for a in arguments if a.startswith("-") and not a.startswith("--reg=")]
    reg = next((a for a in arguments if a.startswith("--reg=")), "--reg=entropy")
    for kind, make in RANGES.items():
        rng = np.random.default_rng(7)
        with tempfile.TemporaryDirectory() as folder:
            inputs, directions = [], []
            for name, shape in shapes.items():
                extents = [int(n) for n in shape.split("x")]
                array = (make if name == many else RANGES["plain"])(rng, extents)
                for given, key, values in ((inputs, name, array), (directions, f"dir:{name}", rng.normal(size=extents))):
                    path = f"{folder}/{key.replace(':', '-')}.npy"
                    np.save(path, values.astype("f4"))
                    given.append(f"{key}={path}")
            entries = "--entry=value,grad,hvp" if kind == "plain" else "--entry=value,grad"
            given = inputs + (directions if kind == "plain" else []) + [entries, reg]
            found = call("run", spec, given + options, f"{folder}/run")
            expected = call("eval", spec, given, f"{folder}/eval")
            assert found.keys() == expected.keys() and len(found) >= 2, found.keys()
            for key, array in expected.items():
                assert np.isfinite(array).all() and array.any(), (kind, key, array)
                error = np.abs(found[key] - array).max() / max(1, np.abs(array).max())
                assert error < (1e-4 if key.startswith("hvp.") else 2e-6), (kind, key, error)
    print("as the interpreter has it")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
