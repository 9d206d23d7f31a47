"""Random programs that nobody looked at while making the compiler fast."""

import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

from case import Report
from ours import DPC, ROOT

sys.path.insert(0, str(ROOT / "test/semantics"))

COUNT, SEED = 20, 20_000
CLASSES = ("chain", "tree", "general")
# The examples by class, at sizes of some 1e5 candidates.
EXAMPLES = {
    "chain": (("dtw", "N=192 M=192 K=1 B=4"), ("viterbi", "T=256 S=16 B=4"), ("semimarkov", "T=200 S=8 W=10 B=4")),
    "tree": (("nussinov", "N=96 Q=4 B=4"), ("cky", "N=16 G=8 B=4")),
    "general": (("valueiter", "S=48 A=4 K=24 B=4"),),
}
# Sizes of a random program are grown until an instance has so many candidates.
ENOUGH = 30_000
SIDES = (8, 16, 32, 64, 128, 256)


def bench(path, *arguments, reg="entropy"):
    """ns a candidate of value and gradient, and the candidates; or what is wrong."""
    done = subprocess.run([DPC[0], "bench", path, *arguments, f"--reg={reg}", "--entry=value,grad", "--seconds=0.2",
                           "--samples=5", "--format=json"], capture_output=True, text=True, timeout=60)  # fmt: skip
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
    found = json.loads(done.stdout)
    times = {entry["entry"]: entry.get("ns_per_candidate") for entry in found["entries"]}
    return {"candidates": found.get("candidates"), **times}


def grown(path, sizes):
    """The first measurement of enough candidates."""
    found = "no sizes fit"
    for side in SIDES:
        try:
            found = bench(path, *(f"{name}={side}" for name in sizes), "--batch=4")
        except subprocess.TimeoutExpired:
            return "takes too long"
        if isinstance(found, dict) and (found["candidates"] or 0) >= ENOUGH:
            return found
    return found


def programs(kind):
    from random_programs import generate

    seed = SEED
    while True:
        seed += 1
        random.seed(seed)
        yield seed, generate(seed, kind)


def run():
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in CLASSES:
            for name, sizes in EXAMPLES[kind]:
                found = bench(ROOT / "examples" / name / f"{name}.dp", *sizes.split())
                lines.append(line_of(kind, name, found))
            count = 0
            for seed, program in programs(kind):
                path = pathlib.Path(folder, f"{kind}{seed}.dp")
                path.write_text(program.render())
                found = grown(path, list(program.sizes))
                if isinstance(found, str) or not found["candidates"] or found["candidates"] < ENOUGH:
                    if seed > SEED + 20 * COUNT:
                        break
                    continue  # its sizes do not grow, or inputs of them are hard to draw
                lines.append(line_of(kind, f"seed {seed}", found))
                count += 1
                if count == COUNT:
                    break
    return lines


def line_of(kind, name, found):
    line = {"class": kind, "program": name}
    if isinstance(found, str):
        return {**line, "note": found}
    return {**line, "candidates": int(found["candidates"] or 0), "value ns": found.get("value"),
            "gradient ns": found.get("grad")}  # fmt: skip


def judge(lines):
    """A program against the slowest example of its class: the nearest in doubt."""
    goals = {}
    for kind in CLASSES:
        for column in ("value ns", "gradient ns"):
            times = {line["program"]: line[column] for line in lines if line["class"] == kind and line.get(column)}
            known = max((t for name, t in times.items() if not name.startswith("seed")), default=None)
            drawn = [t for name, t in times.items() if name.startswith("seed")]
            if known is None or not drawn:
                goals[f"{kind}, {column}"] = ("nothing measured", None)
                continue
            slow = sum(t > 1.5 * known for t in drawn)
            median = statistics.median(drawn) / known
            goals[f"{kind}, {column}: at most 1.5 x the slowest example"] = (
                f"median {median:.2f} x, {slow} of {len(drawn)} slower", slow == 0)  # fmt: skip
    return goals


def cases():
    yield Report("random programs beside examples", run, judge, slow=True)
