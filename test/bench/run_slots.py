#!/usr/bin/env python3
"""Issue slots of a cell: what the kernels of GPUs issue for it, no more than
test/bench/slots.txt has.

A thread of a GPU costs what it issues, whatever the instruction, and machine code
can be counted without a GPU. A sweep is a loop over times: all threads meet in it,
at a barrier or in a shuffle. The loops within it take cells. The table has three numbers a
kernel: what its sweeps issue for a cell, one after the other; what a thread issues
beside, a time of each sweep, if it may take no cell at that; and what stands in all other loops. It has the goal too,
where there is one: from the roofs of an H200, it is what the best kernel would issue. A
kernel above its goal passes; one above its row fails. `run_slots.py --update`
writes today's counts, for those who know why they are larger.
"""

import concurrent.futures
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/lib"))
import ceilings  # noqa: E402
import cuda  # noqa: E402
import driver  # noqa: E402
import sass  # noqa: E402
import sasscheck  # noqa: E402
from machinecode import loops  # noqa: E402

TABLE = ROOT / "test/bench/slots.txt"
ARCHS = (80, 90)
SLACK = 1.05  # what another ptxas may make of the same
COLUMNS = re.compile(r"\.shared .*columns(\d+)")  # what a kernel says of those that a thread takes
MEETING = ("BAR", "SHFL")
HEADER = """# Issue slots of GPU kernels: case, processor, kernel; of a cell, of a time, of other
# loops; the goal of a cell. Written by run_slots.py --update.
"""
PROGRAMS = "test/bench/programs"


class Case:
    """A program, how it is compiled, and by kernel what a cell would cost at best."""

    def __init__(self, name, path, reg, flags=(), entries="value,grad", **goals):
        self.name, self.path, self.reg, self.flags = name, ROOT / path, reg, flags
        self.entries, self.goals = entries, goals


def example(name, reg, **goals):
    return Case(f"{name}.{reg}", f"examples/{name}/{name}.dp", reg, **goals)


STATES = ("-D", "S=32")
CASES = [
    Case("softdtw.entropy", f"{PROGRAMS}/softdtw.dp", "entropy", entries="value,grad,hvp",
         value=16, value_grad=100, hvp=220),
    Case("softdtw.hard", f"{PROGRAMS}/softdtw.dp", "hard", value=8),
    Case("dtw.K=1.hard", "examples/dtw/dtw.dp", "hard", ("-D", "K=1"), value=5),
    Case("dtw.K=1.entropy", "examples/dtw/dtw.dp", "entropy", ("-D", "K=1"), value=24, value_grad=100),
    Case("viterbi.S=32.hard", "examples/viterbi/viterbi.dp", "hard", STATES, value=40),
    Case("viterbi.S=32.entropy", "examples/viterbi/viterbi.dp", "entropy", STATES, value=40),
    Case("potentials.S=32.hard", f"{PROGRAMS}/potentials.dp", "hard", STATES, value=160),
    Case("potentials.S=32.entropy", f"{PROGRAMS}/potentials.dp", "entropy", STATES, value=1200, value_grad=3700),
    example("sw", "hard", value=10),
    *(example(name, "entropy") for name in ("ctc", "rnnt", "sw", "sw3", "cky", "semimarkov", "valueiter")),
    *(example(name, "hard") for name in ("ctc", "rnnt", "sw3", "nussinov")),
]  # fmt: skip


def count(loop, columns):
    """(of a cell, of a time, of other loops) of a loop and those within."""
    names = {i.name for i in loop.own}
    # A thread takes columns, and hands the last on in the block's memory.
    if columns and names >= {"BAR", "STS"}:
        return math.ceil(loop.slots() / columns), 0, 0
    meets = not names.isdisjoint(MEETING)
    if meets and loop.inner:
        return sum((inner.rounds or 1) * inner.slots() for inner in loop.inner), len(loop.own), 0
    if meets:
        return len(loop.own), 0, 0
    parts = [count(inner, columns) for inner in loop.inner]
    return tuple(map(sum, zip((0, 0, len(loop.own)), *parts))) if parts else (0, 0, len(loop.own))


def count_kernel(blocks, columns=0):
    """The same of a kernel, whose outermost loop takes instances."""
    outermost = sass.nest(loops(blocks), blocks)
    parts = [count(inner, columns) for loop in outermost for inner in loop.inner]
    return tuple(map(sum, zip((0, 0, 0), *parts)))


def count_case(dpc, ptxas, case, arch):
    """{kernel: its counts} of a case."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for ptx in cuda.compile_ptx(dpc, case.path, f"sm_{arch}", f"--reg={case.reg}", f"--entry={case.entries}",
                                    "--float=f32", *case.flags):  # fmt: skip
            cubin = pathlib.Path(folder, "cubin")
            source = pathlib.Path(folder, "ptx")
            source.write_text(ptx)
            subprocess.run([ptxas, f"-arch=sm_{arch}", "-O3", source, "-o", cubin], check=True, capture_output=True)
            columns = COLUMNS.search(ptx)
            for name, blocks in sass.kernels(cubin.read_bytes(), arch).items():
                if name.endswith("_kernel"):
                    found[name.split("_", 1)[1].removesuffix("_f32_kernel")] = \
                        count_kernel(blocks, int(columns[1]) if columns else 0)
    return found


def written():
    """{(case, processor, kernel): counts} of the table."""
    return {row[:3]: tuple(map(int, row[3:6])) for row in ceilings.read(TABLE)}


def faults(key, counts, table):
    """What is wrong with a case."""
    known = {row[2]: numbers for row, numbers in table.items() if row[:2] == key}
    for name in sorted(set(counts) | set(known)):
        if name not in counts or name not in known:
            yield f"{name} is only in {'the table' if name in known else 'the code'}; run run_slots.py --update"
            continue
        for what, got, allowed in zip(("cell", "time", "other loops"), counts[name], known[name]):
            if got > allowed * SLACK:
                yield f"{name} issues {got} for its {what}, {allowed} are in the table"


def count_all(options):
    """((case, processor), its counts or what went wrong)"""
    ptxas = cuda.find_ptxas()
    todo = [(case, arch) for case in CASES for arch in ARCHS if case.name.startswith(options.only)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        tasks = [pool.submit(count_case, options.dpc, ptxas, *each) for each in todo]
        for (case, arch), task in zip(todo, tasks):
            try:
                yield case, f"sm_{arch}", task.result()
            except (RuntimeError, subprocess.CalledProcessError) as error:
                yield case, f"sm_{arch}", str(error)


def results(options):
    ptxas = cuda.find_ptxas()
    if not ptxas:
        yield "ptxas", "it is not there; test/lib/hosts.txt brings it"
        return
    for arch in ARCHS:
        yield f"loops by hand sm_{arch}", "; ".join(sasscheck.faults(ptxas, arch, count_kernel))
    yield "blocks out of line", "; ".join(sasscheck.rare_faults())
    table = written()
    for case, arch, counts in count_all(options):
        wrong = counts if isinstance(counts, str) else "; ".join(faults((case.name, arch), counts, table))
        yield f"{case.name} {arch}", wrong


def update(options):
    """Writes the table; cases that are left out keep their rows."""
    table = written()
    goals = {(case.name, kernel): str(goal) for case in CASES for kernel, goal in case.goals.items()}
    for case, arch, counts in count_all(options):
        if isinstance(counts, str):
            raise SystemExit(counts)
        table = {key: row for key, row in table.items() if key[:2] != (case.name, arch)}
        table |= {(case.name, arch, kernel): numbers for kernel, numbers in counts.items()}
    rows = [(*key, *map(str, numbers), goals.get((key[0], key[2]), "-")) for key, numbers in sorted(table.items())]
    ceilings.write(TABLE, HEADER, rows)
    return 0


def main():
    parser = driver.make_parser(__doc__)
    parser.add_argument("--update", action="store_true", help="write the table instead")
    parser.add_argument("--only", default="", metavar="CASE", help="cases whose name begins so")
    options = parser.parse_args()
    return update(options) if options.update else driver.run(results(options))


if __name__ == "__main__":
    sys.exit(main())
