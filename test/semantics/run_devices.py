#!/usr/bin/env python3
"""Kernels for GPUs, run by the emulator: the examples, the programs that failed
once and random programs against the reference interpreter, as `dpc test` does it
for the CPU, and calls with views, ints of 32 bits and lengths. The emulator turns the order of the threads around from step to step
and finds races, barriers that some threads never come to, and accesses out of
bounds or misaligned.
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import random_programs
import run_calls
from subjects import SUBJECTS

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "lib"))
import driver  # noqa: E402

# What the CPU's part of a library does is not looked at.
FLAGS = ("--target=cuda-sim", "-O0", "--lanes=1")


def test(options, path, *flags):
    done = subprocess.run([options.dpc, "test", path, *FLAGS, *flags], capture_output=True, text=True,
                          errors="replace", timeout=600)  # fmt: skip
    if done.returncode == 0:
        return ""
    wrong = [line for line in done.stdout.splitlines() if " 0 failed" not in line and "not applicable" not in line]
    return "\n  ".join([*done.stderr.splitlines()[-5:], *wrong])[:2000]


class Narrow(run_calls.Kernels):
    """Ints come as i32."""

    def instance(self, draw, sizes):
        made = super().instance(draw, sizes)
        return {name: each.astype("i4") if each.dtype.kind == "i" else each for name, each in made.items()}


def call(options, subject):
    """Views and ints of 32 bits change no bit, whatever the numbers are, nor does padding."""
    wrong = []
    build = subject, options.dpc, "entropy", "f32", FLAGS
    plain, narrow = run_calls.Kernels(*build), Narrow(*build)
    sizes = subject.largest()
    # Those whose numbers are not held are computed again, after others.
    instances = [[*run_calls.special(k, np.random.default_rng(7)).values()][::-1] for k in (plain, narrow)]
    views = {name: run_calls.odd(each) for name, each in run_calls.stacked(instances[1]).items()}
    for entry in plain.entries:
        singles = plain.alone(entry, instances[0], sizes)
        found = narrow.call(entry, views, sizes, empty=lambda s, d: run_calls.odd(run_calls.garbage(s, d)))
        wrong += [f"{entry}: {name}" for name in run_calls.same_bits(found, singles)]
        wrong += [f"{entry}: gaps of {name}" for name, view in found.items() if not run_calls.gaps_untouched(view)]
    wrong += [f"{name}: {why}" for name, why in run_calls.ragged(narrow, np.random.default_rng(7)) if why]
    return "; ".join(wrong)


def attempt(work, *arguments):
    """What is wrong, also where a call fails."""
    try:
        return work(*arguments)
    except (ValueError, AssertionError) as error:
        return str(error)


def results(options):
    paths = [*ROOT.glob("examples/*/*.dp"), *ROOT.glob("test/semantics/programs/*.dp"),
             *ROOT.glob("test/regression/*.dp")]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        tasks = {pool.submit(test, options, path, "--instances=4"): path.stem for path in sorted(paths)}
        tasks.update((pool.submit(attempt, call, options, each), f"calls of {each.name}") for each in SUBJECTS)
        large = ROOT / "examples" / "ctc" / "ctc.dp"
        tasks[pool.submit(test, options, large, "--instances=4", "--target=cuda-sim:large")] = "ctc, 64-bit indices"
        for number, program in enumerate(random_programs.sequence(options.count, options.seed)):
            path = pathlib.Path(folder, f"{program.name}.dp")
            path.write_text(program.render())
            task = pool.submit(test, options, path, "--instances=4", f"--float={('f32', 'f64')[number % 2]}")
            tasks[task] = program.name
        for task in concurrent.futures.as_completed(tasks):
            yield tasks[task], task.result()


def main():
    parser = driver.make_parser(__doc__)
    parser.add_argument("--count", type=int, default=24, help="random programs")
    parser.add_argument("--seed", type=int, default=500, help="of the first of them")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    return driver.run(results(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
