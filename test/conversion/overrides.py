#!/usr/bin/env python3
"""Compares values, gradients and Hessian-products under overrides of lane,
storage, form and schedule: the same bits but for sums, whose order may differ.
In single precision, another form gives the same to 1e-5.

usage: overrides.py FILE.dp INPUT=EXTENT,EXTENT... SIZE:VALUE...
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np

SAME_BITS = ["--widest", "--widest --lane=first", "--storage=box", "--row-major", "--widest --lane=first --storage=box"]
CLOSE = ["--form=native"]
SUMS = {"f32": 1e-6, "f64": 1e-14}


def call(spec, arguments, options, out):
    subprocess.run(["dpc", "run", spec, *arguments, *options.split(), "-O0", "--lanes=1", "--reg=entropy",
                    "--entry=value,grad,hvp", "-o", out],
                   check=True)  # fmt: skip
    return {path.stem: np.load(path) for path in pathlib.Path(out).glob("*.npy")}


def main(spec, *arguments):
    generator = np.random.default_rng(5)
    with tempfile.TemporaryDirectory() as folder:
        files = [a.replace(":", "=") for a in arguments if ":" in a]
        for name, extents in (a.split("=") for a in arguments if ":" not in a):
            for key in (name, f"dir:{name}"):
                path = f"{folder}/{key.replace(':', '-')}.npy"
                np.save(path, generator.normal(size=[int(n) for n in extents.split(",")]))
                files.append(f"{key}={path}")
        for dtype in ("f32", "f64"):
            plain = call(spec, files, f"--float={dtype} --form=wide", f"{folder}/plain.{dtype}")
            assert any(name.startswith("hvp.") and plain[name].any() for name in plain), plain
            for options in SAME_BITS + CLOSE:
                form = "" if options in CLOSE else "--form=wide "
                found = call(spec, files, f"--float={dtype} {form}{options}", f"{folder}/found.{dtype}.{len(options)}")
                assert found.keys() == plain.keys()
                for name, array in plain.items():
                    tolerance = SUMS[dtype] if name.startswith(("grad.", "hvp.")) else 0
                    if options in CLOSE and dtype == "f32":
                        tolerance = 1e-5
                    same = np.allclose(found[name], array, rtol=0, atol=tolerance * max(1, abs(array).max()))
                    if not same:
                        print(f"{dtype} {options}: {name} is\n{found[name]}\nwithout\n{array}")
                        return 1
    print("the results agree")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
