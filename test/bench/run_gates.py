#!/usr/bin/env python3
"""Instructions of hot loops: no more than test/bench/gates.txt allows.

Time cannot be tested on a shared machine, but machine code can be counted: a
kernel that got slower has, as a rule, more instructions in its deepest loop. The
table has a ceiling a function; `run_gates.py --update` writes today's counts and
5 % above them as a new one, which is for those who have measured that the longer
loop is faster.
"""

import math
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/lib"))
import ceilings  # noqa: E402
import driver  # noqa: E402
from machinecode import functions, hot_loops, width  # noqa: E402

TABLE = ROOT / "test/bench/gates.txt"
REGULARIZERS, ISAS, SLACK = ("hard", "entropy"), ("avx2", "avx512"), 1.05
HEADER = """# Ceilings for the instructions of hot loops: program, regularizer, processor,
# function; bytes of its registers, ceilings of its deepest and its heaviest loop. Written by run_gates.py --update.
"""


def count(dpc, path, reg, isa):
    """{function: (bytes of the widest register, instructions of the deepest loop,
    instructions of the heaviest)} of those with loops."""
    done = subprocess.run([dpc, path, "-S", "-o", "-", f"--reg={reg}", f"--target=cpu:{isa}", "--entry=value,grad"],
                          capture_output=True, text=True)  # fmt: skip
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["it does not compile"])[0])
    found = {}
    for name, blocks in functions(done.stdout).items():
        hot = hot_loops(blocks)
        if hot:
            found[name] = width(hot[1]), len(hot[0]), len(hot[1])
    return found


def read():
    return {row[:4]: (int(row[5]), int(row[6])) for row in ceilings.read(TABLE)}


def faults(key, counts, table):
    """What is wrong with one program, regularizer and processor."""
    known = {row[3]: ceiling for row, ceiling in table.items() if row[:3] == key}
    for name in sorted(set(counts) | set(known)):
        if name not in counts:
            yield f"{name} is in gates.txt but has no loop any more; run run_gates.py --update"
        elif name not in known:
            yield f"{name} is not in gates.txt; run run_gates.py --update"
        else:
            for which, got, allowed in zip(("deepest", "heaviest"), counts[name][1:], known[name]):
                if got > allowed:
                    yield f"the {which} loop of {name} has {got} instructions, {allowed} are allowed"


def cases(only):
    """(program, regularizer, processor) and the program's path."""
    for path in sorted(ROOT.glob("examples/*/*.dp")):
        if only in ("", path.stem):
            for reg in REGULARIZERS:
                for isa in ISAS:
                    yield (path.stem, reg, isa), path


def results(options):
    table = read()
    for key, path in cases(options.only):
        try:
            found = list(faults(key, count(options.dpc, path, *key[1:]), table))
        except RuntimeError as error:
            found = [str(error)]
        yield " ".join(key), "; ".join(found)


def update(options):
    """Writes the table; programs that are left out keep their rows."""
    rows, counted = [], set()
    for key, path in cases(options.only):
        counts = count(options.dpc, path, *key[1:])
        counted.add(key)
        rows += [(*key, name, str(size), *(str(math.ceil(number * SLACK)) for number in numbers))
                 for name, (size, *numbers) in sorted(counts.items())]  # fmt: skip
    rows = sorted(rows + [row for row in ceilings.read(TABLE) if row[:3] not in counted])
    ceilings.write(TABLE, HEADER, rows)
    return 0


def main():
    parser = driver.make_parser(__doc__)
    parser.add_argument("--update", action="store_true", help="write the table instead")
    parser.add_argument("--only", default="", metavar="PROGRAM", help="one example")
    options = parser.parse_args()
    return update(options) if options.update else driver.run(results(options))


if __name__ == "__main__":
    sys.exit(main())
