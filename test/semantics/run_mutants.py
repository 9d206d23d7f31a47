#!/usr/bin/env python3
"""Mutants of random programs: `dpc check` must accept the program, and reject
each mutant with the right code at the right line."""

import argparse
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

ROOT = pathlib.Path(__file__).resolve().parents[2]


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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dpc", type=pathlib.Path, default=ROOT / "build" / "bin" / "dpc")
    parser.add_argument("--count", type=int, default=90, help="programs")
    parser.add_argument("--seed", type=int, default=5000)
    parser.add_argument("--keep", type=pathlib.Path, help="write the mutants into this folder")
    options = parser.parse_args()

    counts = collections.Counter()
    failed = 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        folder = options.keep or pathlib.Path(folder)
        folder.mkdir(exist_ok=True)
        tasks = []
        for number, program in enumerate(random_programs.sequence(options.count, options.seed)):
            draw = random.Random(options.seed + number)
            program.beside = ""  # mistakes belong to the one program that is known here
            cases = [("valid", "", program.render(), [])]
            for mutation in mutants.MUTATIONS:
                made = mutation(draw, program)
                if made:
                    cases.append((mutation.__name__, mutants.code_of(mutation), *made))
            for name, code, text, lines in cases:
                path = folder / f"{program.name}.{name}.dp"
                path.write_text(text)
                tasks.append((f"{program.name}.{name}", name, text,
                              pool.submit(judge, options.dpc.resolve(), path, code, lines)))  # fmt: skip
        for test, name, text, task in tasks:
            why = task.result()
            counts[name] += 1
            if why:
                failed += 1
                print(f"FAIL: {test}: {why}", flush=True)
    print(", ".join(f"{name} {n}" for name, n in counts.items()))
    for mutation in mutants.MUTATIONS:
        if counts[mutation.__name__] < 10 and options.count >= 90:
            failed += 1
            print(f"FAIL: {mutation.__name__}: made only {counts[mutation.__name__]} times")
    print(f"{sum(counts.values()) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
