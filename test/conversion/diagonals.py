#!/usr/bin/env python3
"""Values, gradients and Hessian-products of a program whose wavefront is longer
than vectors and what is copied at once, by kernels and by the interpreter.

usage: diagonals.py FILE.dp PROGRAM x=ROWSxCOLUMNS [option...]
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np

spec, program, given, *options = sys.argv[1:]
name, shape = given.split("=")

with tempfile.TemporaryDirectory() as folder:
    x = np.random.default_rng(5).normal(size=[int(n) for n in shape.split("x")])
    np.save(f"{folder}/x.npy", x.astype("f4"))
    np.save(f"{folder}/v.npy", x[::-1].astype("f4"))
    found = {}
    for way, more in (("run", options), ("eval", [])):
        subprocess.run(["dpc", way, spec, f"--program={program}", f"{name}={folder}/x.npy", "--reg=entropy",
                        "--entry=value,grad,hvp", f"dir:{name}={folder}/v.npy", "-o", f"{folder}/{way}",
                        *more], check=True, stdout=subprocess.DEVNULL)  # fmt: skip
        found[way] = {path.name: np.load(path) for path in pathlib.Path(folder, way).glob("*.npy")}
assert found["run"].keys() == found["eval"].keys() and len(found["run"]) >= 4, found["run"].keys()
for key, expected in found["eval"].items():
    error = np.abs(found["run"][key] - expected).max() / max(1, np.abs(expected).max())
    assert error < 1e-4, (key, error)
print("as the interpreter has it")
