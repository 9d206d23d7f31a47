#!/usr/bin/env python3
"""Compiles examples to libraries and C99 programs against their headers, which
call them and check values, gradients and errors."""

import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "lib"))
import driver  # noqa: E402

EXAMPLES = HERE.parents[2] / "examples"
WARNINGS = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"]


# The examples that a program in C calls: the one of its name, or these.
CALLED = {"two": ("dtw", "rnnt")}


def call(dpc, source, folder):
    """The results of one program in C."""
    name = source.stem
    called = CALLED.get(name, (name,))
    commands = [[dpc, EXAMPLES / each / f"{each}.dp", "-o", f"{folder}/lib{each}.so", f"--emit-header={folder}/{each}.h",
                 "--reg=entropy", "--float=f32,f64", "--entry=value,value_grad"] for each in called]  # fmt: skip
    commands.append(["cc", *WARNINGS, f"-I{folder}", source, *(f"{folder}/lib{each}.so" for each in called), "-lm",
                     "-o", f"{folder}/{name}", f"-Wl,-rpath,{folder}"])  # fmt: skip
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            yield name, f"{command[0]}: status {done.returncode}: {done.stderr.strip()[-2000:]}"
            return
    done = subprocess.run([f"{folder}/{name}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    yield from driver.read_results(done.stdout, name)


def results(dpc):
    for source in sorted(HERE.glob("*.c")):
        with tempfile.TemporaryDirectory() as folder:
            yield from call(dpc, source, folder)


if __name__ == "__main__":
    sys.exit(driver.main(__doc__, results))
