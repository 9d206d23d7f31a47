#!/usr/bin/env python3
"""Mutants of random programs: `dpc check` must accept the program, and reject
each mutant with the right code at the right line."""

import collections
import concurrent.futures
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import mutants
import random_programs

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import driver  # noqa: E402


def diagnostics(dpc, path):
    """(exit status, diagnostics) of `dpc check`."""
    try:
        done = subprocess.run([dpc, "check", path, "--diagnostics-format=json"],
                              capture_output=True, text=True, errors="replace", timeout=30)  # fmt: skip
    except subprocess.TimeoutExpired:
        return 124, []
    found = []
    for line in (done.stderr + "\n" + done.stdout).splitlines():
        if line.startswith("{"):
            value = json.loads(line)
            if "severity" in value:
                found.append(value)
    return done.returncode, found


def judge(dpc, path, code, lines):
    """Why the answer is wrong; empty where it is right."""
    status, found = diagnostics(dpc, path)
    errors = [(d["code"], d["line"]) for d in found if d["severity"] == "error"]
    if not code:
        return "" if status == 0 and not errors else f"valid, but status {status}, {errors}"
    if status != 1:
        return f"status {status}, expected 1"
    if any(c == code and line in lines for c, line in errors):
        return ""
    return f"expected {code} at line {' or '.join(map(str, lines))}, found {errors}"


def cases(options, number, program):
    """(name of the mutation, code of its mistake, text, lines) of a program."""
    draw = random.Random(options.seed + number)
    program.beside = ""  # mistakes belong to the one program that is known here
    yield "valid", "", program.render(), []
    for mutation in mutants.MUTATIONS:
        made = mutation(draw, program)
        if made:
            yield mutation.__name__, mutants.code_of(mutation), *made


def results(options):
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        folder = options.keep or pathlib.Path(folder)
        folder.mkdir(exist_ok=True)
        tasks = []
        for number, program in enumerate(random_programs.sequence(options.count, options.seed)):
            for name, code, text, lines in cases(options, number, program):
                counts[name] += 1
                path = folder / f"{program.name}.{name}.dp"
                path.write_text(text)
                tasks.append((path.stem, pool.submit(judge, options.dpc, path, code, lines)))
        for name, task in tasks:
            yield name, task.result()
    print(", ".join(f"{name} {n}" for name, n in counts.items()))
    for mutation in mutants.MUTATIONS if options.count >= 90 else ():
        made = counts[mutation.__name__]
        yield mutation.__name__, f"made only {made} times" if made < 10 else ""


def main():
    parser = driver.make_parser(__doc__)
    parser.add_argument("--count", type=int, default=90, help="programs")
    parser.add_argument("--seed", type=int, default=5000)
    parser.add_argument("--keep", type=pathlib.Path, help="write the mutants into this folder")
    return driver.run(results(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
