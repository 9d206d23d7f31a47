"""How long the compiler takes for every example."""

import os
import subprocess
import tempfile

from case import Report
from ours import DPC, ROOT

LIMIT, ALL_LIMIT = 1.0, 3.0


def seconds(path, folder, *flags):
    """Processor time of one compilation, the least of three."""
    found = []
    for _ in range(3):
        before = os.times()
        done = subprocess.run([DPC[0], path, "-o", f"{folder}/library.so", *flags], capture_output=True, text=True)
        after = os.times()
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["failed"])[0][:80]
        found.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return min(found)


def run():
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted((ROOT / "examples").glob("*/*.dp")):
            lines.append({"program": path.stem, "f32": seconds(path, folder, "--float=f32"),
                          "f32,f64 avx2,avx512": seconds(path, folder, "--float=f32,f64",
                                                         "--target=cpu:avx2,avx512")})  # fmt: skip
    return lines


def judge(lines):
    goals = {}
    for column, limit in (("f32", LIMIT), ("f32,f64 avx2,avx512", ALL_LIMIT)):
        worst = max((line[column] for line in lines if isinstance(line[column], float)), default=None)
        good = all(isinstance(line[column], float) and line[column] < limit for line in lines)
        goals[f"every example below {limit:g} s, {column}"] = (worst, good)
    return goals


def cases():
    yield Report("compile time, seconds of processor", run, judge)
