#!/usr/bin/env python3
"""Random programs: the compiled kernels against the reference interpreter.

Each program of random_programs.py, and each that failed once and stays in
test/regression/, is given to `dpc test`, which compares both for every
regularizer, number type and entry. Prints how often each construct met each
class, regularizer and entry; a construct that was met too rarely is a failure.
Programs that fail, at most five of a run, are shrunk and kept.
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import model
import random_programs
from shrink import shrink

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "lib"))
import driver  # noqa: E402

REGRESSION = ROOT / "test" / "regression"
ENTRIES = ("value", "grad", "hvp", "argmax")


class Outcome:
    """What `dpc test` says of one program."""

    def __init__(self, status, stdout, stderr):
        self.status = status
        self.report = None
        self.text = stderr.strip()
        for line in stdout.splitlines():
            if line.startswith('{"'):
                self.report = json.loads(line)
        for reg, dtype, what, counts in self.checks():
            if counts["failed"]:
                self.text += f"\n{reg} {dtype} {what}: {counts}"

    def checks(self):
        """(reg, dtype, what is checked, counts)"""
        for run in self.report["runs"] if self.report else ():
            for what, counts in run["checks"].items():
                yield run["reg"], run["float"], what, counts

    @property
    def kind(self):
        """"passed", or how it fails: a shrunk program has to fail alike."""
        if self.status not in (0, 1):
            return "timeout" if self.status == 124 else "crash"
        if any(counts["failed"] for *_, counts in self.checks()):
            return "mismatch"
        if self.status == 0 and self.report:
            return "passed"
        codes = re.findall(r"\[([EWR]\d+)\]", self.text)
        return "rejected " + (codes[0] if codes else "without a code")


def run_dpc(options, *arguments):
    try:
        done = subprocess.run([options.dpc, *arguments], capture_output=True, text=True, errors="replace",
                              timeout=options.timeout)  # fmt: skip
    except subprocess.TimeoutExpired:
        return 124, "", f"no answer in {options.timeout} s"
    return done.returncode, done.stdout, done.stderr


def dpc_test(options, path):
    """LLVM is most of the time and none of what is tested: one program in forty is optimized, one in ten has kernels
    for vectors, as short as the sizes, one in four has checkpoints, and of the others one in three is compiled for both
    number types."""
    number = int("".join(c for c in pathlib.Path(path).stem if c.isdigit()) or 0)
    flags = ["-O2" if number % 40 == 5 else "-O0"]
    flags += ["--lanes=1" if number % 10 else "--lanes=2"]
    flags += ["--memory=checkpoint"] if number % 4 == 2 else []
    flags += ["--float=" + ("f32", "f64", "f32,f64" if number % 10 else "f32")[number % 3]]
    return Outcome(*run_dpc(options, "test", path, f"--instances={options.instances}", f"--seed={options.seed}",
                            "--format=json", *flags))  # fmt: skip


def class_of(options, path):
    """The class that `dpc check` reports."""
    found = re.search(r"^class: (\w+)", run_dpc(options, "check", path)[1], re.MULTILINE)
    return found[1] if found else "unknown"


def examine(options, path):
    outcome = dpc_test(options, path)
    return outcome, class_of(options, path) if outcome.kind == "passed" else ""


def keep_smallest(options, program, kind, folder):
    """Shrinks a failing program and keeps it in test/regression/."""
    path = pathlib.Path(folder, f"{program.name}.shrink.dp")

    def fails(text):
        path.write_text(text)
        return dpc_test(options, path).kind == kind

    smallest = shrink(program, fails)
    smallest.note = f"{kind}; shrunk from seed {program.name.removeprefix('random')}"
    kept = REGRESSION / f"{program.name}.dp"
    REGRESSION.mkdir(exist_ok=True)
    kept.write_text(smallest.render())
    return kept


def count(outcome, kind, found, table):
    """Adds one program's comparisons: {(construct, class): {(reg, entry): n}}."""
    met = {(reg, what) for reg, _, what, counts in outcome.checks() if what in ENTRIES and counts["checked"]}
    for construct in found:
        table[construct, kind].update(met)


def print_table(table, least):
    """Prints the counts. Yields the combinations below `least` as results."""
    pairs = sorted({pair for row in table.values() for pair in row})
    regs = sorted({reg for reg, _ in pairs})
    print("\nprograms compared, by construct and class; least and most over entries, a column a regularizer")
    print(f"{'':20} {'class':8}" + "".join(f"{reg:>14}" for reg in regs))
    for construct in model.CONSTRUCTS:
        for kind in random_programs.CLASSES:
            row = table[construct, kind]
            cells = []
            for reg in regs:
                # A general program has no path.
                counts = [row[reg, entry] for entry in ENTRIES if not (kind == "general" and entry == "argmax")]
                cells.append(f"{min(counts)}..{max(counts)}" if min(counts) != max(counts) else f"{min(counts)}")
                if min(counts) < least:
                    yield f"{construct} x {kind} x {reg}", f"{min(counts)} < {least}"
            print(f"{construct:20} {kind:8}" + "".join(f"{cell:>14}" for cell in cells))


def results(options):
    table = collections.defaultdict(collections.Counter)
    failures, worst, begun = 0, collections.Counter(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        tasks = {}
        for path in sorted(REGRESSION.glob("*.dp")):
            tasks[pool.submit(examine, options, path)] = (path.name, None)
        for program in random_programs.sequence(options.count, options.seed):
            path = pathlib.Path(folder, f"{program.name}.dp")
            path.write_text(program.render())
            tasks[pool.submit(examine, options, path)] = (path.name, program)
        for done, task in enumerate(concurrent.futures.as_completed(tasks), 1):
            name, program = tasks[task]
            outcome, kind = task.result()
            if outcome.kind == "passed":
                yield name, ""
                for _, dtype, _, counts in outcome.checks():
                    worst[dtype] = max(worst[dtype], counts["worst"])
                if program:
                    count(outcome, kind, model.constructs(program), table)
            else:
                failures += 1
                yield name, f"{outcome.kind}\n  " + outcome.text[:1500].replace("\n", "\n  ")
                if program and not options.no_shrink and failures <= 5:
                    print("  kept as", keep_smallest(options, program, outcome.kind, folder), flush=True)
            if done % 25 == 0:
                print(f"  {done} of {len(tasks)} programs, {failures} failed"
                      f" [{time.monotonic() - begun:.0f}s]", flush=True)  # fmt: skip
    if options.count >= 120:
        yield from print_table(table, 2)
    print("largest error, as a share of what is tolerated:",
          ", ".join(f"{dtype} {error:.2g}" for dtype, error in sorted(worst.items())) or "none")


def main():
    parser = driver.make_parser(__doc__)
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0, help="of the first program and of the inputs")
    parser.add_argument("--instances", type=int, default=4, help="inputs a program")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--timeout", type=float, default=600, help="seconds a program")
    parser.add_argument("--no-shrink", action="store_true")
    return driver.run(results(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
