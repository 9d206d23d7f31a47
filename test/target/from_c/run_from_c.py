#!/usr/bin/env python3
"""Compiles examples to libraries and C99 programs against their headers, which
call them and check values, gradients and errors."""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = HERE.parents[2] / "examples"
SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed$", re.M)
WARNINGS = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"]


def run(dpc, source, folder):
    """(passed, names of what failed)."""
    name = source.stem
    commands = [
        [dpc, EXAMPLES / name / f"{name}.dp", "-o", f"{folder}/lib{name}.so", f"--emit-header={folder}/{name}.h",
         "--reg=entropy", "--float=f32,f64", "--entry=value,value_grad"],
        ["cc", *WARNINGS, f"-I{folder}", source, f"{folder}/lib{name}.so", "-lm", "-o", f"{folder}/{name}",
         f"-Wl,-rpath,{folder}"],
        [f"{folder}/{name}"],
    ]  # fmt: skip
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True)
        found = SUMMARY.search(done.stdout)
        if done.returncode and not found:
            return 0, [f"{command[0]}: status {done.returncode}: {done.stderr.strip()[-2000:]}"]
    print(done.stdout[: found.start()].replace("FAIL: ", f"FAIL: {name}."), end="")
    return int(found[1]), [""] * int(found[2])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dpc", type=pathlib.Path, required=True)
    dpc = parser.parse_args().dpc.resolve()
    passed = failed = 0
    for source in sorted(HERE.glob("*.c")):
        with tempfile.TemporaryDirectory() as folder:
            good, bad = run(dpc, source, folder)
        passed += good
        failed += len(bad)
        for why in filter(None, bad):
            print(f"FAIL: {source.stem}: {why}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
