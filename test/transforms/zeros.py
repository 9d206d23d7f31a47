#!/usr/bin/env python3
"""Compares gradients and Hessian-products with the interpreter's where inputs
are 0, along every direction of one input.

usage: zeros.py FILE.dp
"""

import itertools
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np


def call(command, spec, arguments, out):
    subprocess.run(["dpc", command, spec, *arguments, "--float=f64", "--entry=value,grad,hvp", "-o", out], check=True)
    return {path.stem: np.load(path) for path in pathlib.Path(out).glob("*.npy")}


def main(spec):
    names = re.findall(r"input (\w+) : float$", pathlib.Path(spec).read_text(), re.M)
    with tempfile.TemporaryDirectory() as folder:
        for value in (0.0, 1.0, 2.0):
            np.save(f"{folder}/{value}.npy", np.array(value))
        for at in itertools.product((0.0, 2.0), repeat=len(names)):
            for along in names:
                files = [f"{name}={folder}/{value}.npy" for name, value in zip(names, at)]
                files += [f"dir:{along}={folder}/1.0.npy"]
                found = call("run", spec, [*files, "-O0", "--lanes=1"], f"{folder}/run")
                for name, expected in call("eval", spec, files, f"{folder}/eval").items():
                    if not np.allclose(found[name], expected, rtol=1e-12, atol=0):
                        print(f"{name} along {along} at {at} is {found[name]}, expected {expected}")
                        return 1
    print("the results agree")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
