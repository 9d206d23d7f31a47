#!/usr/bin/env python3
"""How work and memory grow: each program is called at a size and at twice that
size; what an entry executes and the workspace it asks for must grow with its
cells and edges, not with the boxes around them.

Instructions are counted by callgrind, inside of the call only. This program
starts itself once more under valgrind, on the libraries it made before.
"""

import argparse
import collections
import ctypes
import functools
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "lib"))
import driver  # noqa: E402
from kernels import Library, compile_library  # noqa: E402

PROGRAMS = ROOT / "test" / "semantics" / "programs"
EXAMPLES = ROOT / "examples"
SLACK = 1.1

# make(n): the inputs and the sizes that no input determines. `work` and
# `memory` are what twice the size may cost.
Case = collections.namedtuple("Case", "path n make work memory")


def numbers(*shape):
    return np.random.default_rng(1).uniform(size=shape)


def dag(vertices):
    """Two edges a vertex but the first, from anywhere before it."""
    draw = np.random.default_rng(1)
    indptr = np.maximum(0, 2 * np.arange(vertices + 1) - 2)
    src = [draw.integers(0, v) for v in range(1, vertices) for _ in range(2)]
    return {"g.indptr": indptr, "g.src": np.array(src), "w": numbers(len(src))}


CASES = {
    "band": Case(PROGRAMS / "band.dp", 150, lambda n: ({"x": numbers(n), "y": numbers(n)}, {"W": 3}), 2, 2),
    "dag": Case(EXAMPLES / "dagpath" / "dagpath.dp", 300, lambda n: (dag(n), {}), 2, 2),
    "hops": Case(PROGRAMS / "hops.dp", 150, lambda n: (dag(n), {"H": 3}), 2, 2),
    "semimarkov": Case(EXAMPLES / "semimarkov" / "semimarkov.dp", 80,
                        lambda n: ({"seg": numbers(n, 4, 2), "trans": numbers(2, 2)}, {}), 2, 2),
    "spans": Case(PROGRAMS / "spans.dp", 24, lambda n: ({"w": numbers(n)}, {}), 8, 4),
}  # fmt: skip


# Callgrind cannot be asked to watch a function by its name: it finds not every
# library's symbols.
MEASURED = """
#include <valgrind/callgrind.h>
int measured(int (*run)(const void *), const void *call) {
  CALLGRIND_TOGGLE_COLLECT;
  int code = run(call);
  CALLGRIND_TOGGLE_COLLECT;
  CALLGRIND_DUMP_STATS;
  return code;
}
"""


def measure(folder):
    """Calls every entry at both sizes, in the order of callgrind's dumps, and
    leaves the names and the bytes of workspace."""
    calls = []
    measured = ctypes.CDLL(str(folder / "measured.so")).measured
    for name, case in CASES.items():
        library = Library(folder / f"{name}.so")
        for entry in library.entries:
            for n in (case.n, 2 * case.n):
                prepared = library.prepare(entry, *case.make(n))
                prepared.run = functools.partial(measured, prepared.run)
                prepared()
                calls.append((name, entry, prepared.call.workspace_bytes))
    (folder / "calls.json").write_text(json.dumps(calls))


def totals(folder):
    """Instructions of each call."""
    dumps = sorted(folder.glob("callgrind.[0-9]*"), key=lambda path: int(path.suffix[1:]))
    return [int(re.search(r"^(?:summary|totals): (\d+)", path.read_text(), re.MULTILINE)[1]) for path in dumps]


def judge(what, small, large, factor):
    """Why the growth is wrong; empty where it is right."""
    ratio = large / max(1, small)
    # Constant parts pull the ratio down; far below, too little is measured.
    good = 0.6 * factor <= ratio <= SLACK * factor
    return "" if good else f"{small} {what} become {large}: {ratio:.2f} times as many and not {factor} times"


def results(dpc):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, case in CASES.items():
            # Callgrind's processor has no wide vectors, and a single instance needs none.
            compile_library(case.path, folder / f"{name}.so", dpc, ("-O1", "--lanes=1"), reg="entropy", float="f64")
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", folder / "measured.so"], input=MEASURED,
                       text=True, check=True)  # fmt: skip
        subprocess.run(["valgrind", "-q", "--tool=callgrind", "--collect-atstart=no",
                        f"--callgrind-out-file={folder}/callgrind", sys.executable, __file__, "--measure", folder],
                       check=True)  # fmt: skip
        calls = json.loads((folder / "calls.json").read_text())
        counted = totals(folder)
    if len(counted) < len(calls):
        sys.exit(f"{len(calls)} calls, {len(counted)} counted")
    for k in range(0, len(calls), 2):
        name, entry, small = calls[k]
        case, large = CASES[name], calls[k + 1][2]
        print(f"{name}, {entry}: instructions {counted[k]} to {counted[k + 1]}, bytes {small} to {large}")
        yield f"{name}.{entry}.instructions", judge("instructions", *counted[k : k + 2], case.work)
        yield f"{name}.{entry}.bytes", judge("bytes", small, large, case.memory)


def main():
    parser = driver.make_parser(__doc__)
    parser.add_argument("--measure", type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    return measure(options.measure) if options.measure else driver.run(results(options.dpc))


if __name__ == "__main__":
    sys.exit(main())
