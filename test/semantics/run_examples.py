#!/usr/bin/env python3
"""The examples: what their READMEs tell a reader to type works, the C program
that dpc writes for each runs, and where all scores are zero the soft value
counts what it should count."""

import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "lib"))
import driver  # noqa: E402

EXAMPLES = ROOT / "examples"


def delannoy(n, m):
    return sum(math.comb(n, k) * math.comb(m, k) * 2**k for k in range(min(n, m) + 1))


def motzkin(n):
    return sum(math.comb(n, 2 * k) * math.comb(2 * k, k) // (k + 1) for k in range(n // 2 + 1))


def dag_paths(indptr, src):
    paths = [1]
    for v in range(1, len(indptr) - 1):
        paths.append(sum(paths[src[e]] for e in range(indptr[v], indptr[v + 1])))
    return paths[-1]


def counts():
    """(program, inputs, sizes, output, expected value under entropy, gamma 1)."""
    z = np.zeros
    indptr, src = np.array([0, 0, 1, 3, 5, 8]), np.array([0, 0, 1, 1, 2, 0, 2, 3])
    symbols = {"a": z(4, int), "b": z(6, int), "sub": z((2, 2)), "open": z(()), "ext": z(())}
    geometric = (1 - 0.9**7) / (1 - 0.9)
    return [
        ("dtw", {"x": z((7, 2)), "y": z((9, 2))}, {}, "cost", -math.log(delannoy(6, 8))),
        ("viterbi", {"emit": z((6, 4)), "trans": z((4, 4)), "start": z(4)}, {}, "score", 6 * math.log(4)),
        ("ctc", {"logp": z((9, 5)), "y": np.array([1, 3, 2])}, {}, "logprob", math.log(math.comb(12, 6))),
        ("rnnt", {"blank": z((5, 4)), "label": z((5, 3))}, {}, "logprob", math.log(math.comb(7, 3))),
        ("sw3", symbols, {}, "score", math.log(math.comb(10, 4))),
        ("cky", {"lex": z((7, 1)), "rule": z((1, 1, 1)), "root": z(1)}, {}, "logz", math.log(math.comb(12, 6) / 7)),
        ("nussinov", {"s": z(9, int), "pair": z((2, 2))}, {}, "score", math.log(motzkin(9))),
        ("dagpath", {"g.indptr": indptr, "g.src": src, "w": z(8)}, {}, "dist", -math.log(dag_paths(indptr, src))),
        ("semimarkov", {"seg": z((8, 9, 1)), "trans": z((1, 1))}, {}, "score", 7 * math.log(2)),
        ("valueiter", {"R": z((3, 4)), "P": np.full((3, 4, 3), 1 / 3), "discount": np.array(0.9)}, {"K": 7}, "value",
         geometric * math.log(4)),
    ]  # fmt: skip


def check_count(dpc, command, name, inputs, sizes, output, expected):
    """Why `dpc run` or `dpc eval` counts wrongly; empty where it is right."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [f"{size}={value}" for size, value in sizes.items()]
        for key, array in inputs.items():
            np.save(f"{folder}/{key}.npy", array)
            arguments.append(f"{key}={folder}/{key}.npy")
        done = subprocess.run([dpc, command, EXAMPLES / name / f"{name}.dp", *arguments, "--reg=entropy",
                               "--float=f64", "--entry=value", "-o", f"{folder}/out"],
                              capture_output=True, text=True)  # fmt: skip
        if done.returncode:
            return done.stderr.strip()
        found = np.load(f"{folder}/out/{output}.npy")
    return "" if np.allclose(found, expected, rtol=1e-12, atol=0) else f"found {found}, expected {expected}"


def make_checkout(dpc, folder):
    """What READMEs speak of, to write into: the examples, and a build folder."""
    shutil.copytree(EXAMPLES, folder / "examples")
    build = folder / "build"
    build.mkdir()
    for name, target in (("bin", dpc.parent), ("venv", sys.prefix),
                         ("cmake_install.cmake", dpc.parents[1] / "cmake_install.cmake")):  # fmt: skip
        (build / name).symlink_to(target)
    (folder / "home").mkdir()


def check_readme(dpc, readme):
    """Why the commands of a README fail; empty where they work. They run in a copy,
    at a home of their own."""
    environment = {key: value for key, value in os.environ.items()
                   if not key.startswith(("DANSKIN_", "PYTHON", "XDG_"))}  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make_checkout(dpc, folder)
        environment.update(HOME=str(folder / "home"), PATH=f"{sys.prefix}/bin:{dpc.parent}:{os.environ['PATH']}")
        for block in re.findall(r"```sh\n(.*?)```", readme.read_text(), re.DOTALL):
            # Those that install have suites of their own: run_wheel.py, run_training.py, and test/run.sh itself.
            if any(each in block for each in ("apt", "pip install", "quickstart.sh", "test/run.sh")):
                continue
            done = subprocess.run(["bash", "-e", "-c", block], cwd=folder, capture_output=True, text=True,
                                  env=environment)  # fmt: skip
            if done.returncode:
                return f"exit status {done.returncode}: {done.stderr.strip()[-600:]}"
    return ""


def check_example_c(dpc, path):
    """Why the program of --emit=example-c does not run; empty where it does."""
    with tempfile.TemporaryDirectory() as folder:
        name = path.stem
        commands = [
            [dpc, path, "-o", f"{folder}/lib{name}.so", f"--emit-header={folder}/{name}.h", "--reg=entropy"],
            [dpc, path, "--emit=example-c", "-o", f"{folder}/{name}.c", "--reg=entropy"],
            ["cc", "-std=c99", "-Wall", "-Werror", f"{folder}/{name}.c", f"{folder}/lib{name}.so", "-lm",
             "-o", f"{folder}/{name}", f"-Wl,-rpath,{folder}"],
            [f"{folder}/{name}"],
        ]  # fmt: skip
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                return f"{command[0]}: {(done.stderr or done.stdout).strip()[-600:]}"
        numbers = re.findall(r"^[\w.]+ =(.*)", done.stdout, re.MULTILINE)
        finite = [math.isfinite(float(number)) for line in numbers for number in line.split()]
    return "" if finite and all(finite) else f"prints {done.stdout.strip()[:600]}"


def results(dpc):
    for path in sorted(EXAMPLES.glob("*/README.md")):
        yield f"readme.{path.parent.name}", check_readme(dpc, path)
    yield "readme", check_readme(dpc, ROOT / "README.md")
    for path in sorted(EXAMPLES.glob("*/*.dp")):
        yield f"example-c.{path.stem}", check_example_c(dpc, path)
    for command in ("run", "eval"):
        for case in counts():
            yield f"count.{command}.{case[0]}", check_count(dpc, command, *case)


if __name__ == "__main__":
    sys.exit(driver.main(__doc__, results))
