#!/usr/bin/env python3
"""Compares the path that a kernel walks with the interpreter's, on random inputs.

usage: path.py FILE.dp INPUT=EXTENT,EXTENT... [--rounds=N] [--max-rows=N] [--largest=N]

--largest: inputs are whole numbers up to it and down to as far below 0, so that many are equal.
--max-rows: the array that a caller has to give must not have more.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from kernels import Program  # noqa: E402


def call(command, spec, arguments, out):
    subprocess.run(["dpc", command, spec, *arguments, "--float=f64", "--entry=argmax", "-o", out], check=True)
    read = lambda name: np.load(pathlib.Path(out) / f"{name}.npy")
    return read("argmax"), int(read("argmax.length"))


def main(spec, *arguments):
    options = dict(a[2:].split("=") for a in arguments if a.startswith("--"))
    shapes = dict(a.split("=") for a in arguments if not a.startswith("--"))
    generator = np.random.default_rng(3)
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(int(options.get("rounds", 5))):
            files = []
            for name, extents in shapes.items():
                path = f"{folder}/{name}.npy"
                shape = [int(n) for n in extents.split(",")]
                array = generator.normal(size=shape)
                if "largest" in options:
                    largest = int(options["largest"])
                    array = generator.integers(-largest, largest, shape, endpoint=True).astype(float)
                np.save(path, array)
                files.append(f"{name}={path}")
            rows, length = call("run", spec, files, f"{folder}/run")
            expected, steps = call("eval", spec, files, f"{folder}/eval")
            assert length == steps, (length, steps)
            assert (rows[:length] == expected[:steps]).all(), (rows[:length], expected)
            assert not rows[length:].any(), "rows after the last are 0"
    if "max-rows" in options:
        inputs = {name: np.zeros([int(n) for n in extents.split(",")]) for name, extents in shapes.items()}
        kernel = Program(spec, dpc="dpc", float="f64", entry="argmax")
        longest = len(kernel.prepare("argmax", inputs).outputs["argmax"])
        assert longest <= int(options["max-rows"]), f"an array of {longest} rows"
    print("the paths agree")


if __name__ == "__main__":
    main(*sys.argv[1:])
